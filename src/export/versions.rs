//! The versions of a product: those that a manifest can list, each with its template, and why the others are not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::Files;
use super::portfolio::filled;
use super::yaml::{Fields, Item, Yaml};
use super::{Export, VersionText, literal};
use crate::ids::{Name, ServiceActionId, VersionId};
use crate::manifest::names_a_manifest;
use crate::model::desired::{Guidance, ProductType};
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus};
use crate::model::template::node::Node;

/// The versions of a product as its manifest has them.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Items of `versions`.
    pub(super) items: Vec<Item>,
    /// What all of them offer, where that is the same for all.
    pub(super) offers: Option<Yaml>,
    /// Comments: versions that the list leaves out, and why.
    pub(super) notes: Vec<String>,
    /// The ids of those that it names.
    pub(super) names: BTreeMap<String, VersionId>,
}

/// Where a version's template comes from.
enum Source {
    File(Arc<str>),
    Url(String),
    Stack(String),
}

impl Export<'_> {
    /// The list of versions; `folder` is that of the manifest, and gets the templates.
    pub(super) fn versions(
        &mut self,
        live: &LiveProduct,
        kind: ProductType,
        folder: &str,
    ) -> Listed {
        let mut listed = Listed::default();
        let mut twins: BTreeMap<&str, Vec<&LiveVersion>> = BTreeMap::new();
        for version in &live.versions {
            twins.entry(&version.name).or_default().push(version);
        }
        let mut usable = Vec::new();
        for version in &live.versions {
            let same = twins.get(version.name.as_str()).map_or(1, Vec::len);
            if same > 1 {
                continue;
            }
            match self.source(live, version, kind) {
                Ok(found) => usable.push((version, found)),
                Err(why) => listed.notes.push(format!(
                    "Version {:?} ({}) is not listed: {why}.",
                    version.name, version.id
                )),
            }
        }
        for (name, versions) in twins.iter().filter(|(_, all)| all.len() > 1) {
            let ids: Vec<&str> = versions.iter().map(|v| v.id.as_str()).collect();
            let ids = ids.join(" and ");
            listed.notes.push(format!(
                "{ids} are all called {name:?}, and a manifest tells versions by their names: they are not listed, and stay as they are until all but one are renamed."
            ));
        }
        if usable.is_empty() {
            // A manifest must list one: this one's plan is blocked, and says so.
            let last = live.versions.last();
            if let Some((version, found)) =
                last.and_then(|version| Some((version, self.source(live, version, kind).ok()?)))
            {
                listed.notes.push(format!(
                    "A product must list a version, so {:?} is here all the same: its plan is blocked.",
                    version.name
                ));
                usable.push((version, found));
            }
        }
        let offers = self.offers(live, &usable, &mut listed);
        let mut files = Files::default();
        let mut known: BTreeMap<Arc<str>, String> = BTreeMap::new();
        for (at, (version, source)) in usable.into_iter().enumerate() {
            let LiveVersion {
                id,
                name,
                description,
                active,
                guidance,
                content: _,
                status: _,
            } = version;
            let mut fields = Fields::default();
            fields.required("name", Yaml::text(name));
            fields.optional("description", filled(description));
            let mut notes = Vec::new();
            match source {
                Source::File(text) => {
                    let file = known.entry(text.clone()).or_insert_with(|| {
                        let file = format!("{}.{}", files.stem(name), extension(&text));
                        self.templates.insert(format!("{folder}/{file}"), text);
                        file
                    });
                    fields.required("template", Yaml::text(file.as_str()));
                    if let Some(stack) = self.stack_of(id) {
                        notes.push(format!("Made from the stack {stack}"));
                    }
                }
                Source::Url(url) => {
                    let (plain, signed) = unsigned(&url);
                    if signed {
                        notes.push(
                            "Its URL said who may read it (a signature or a password). That is left out: give a URL that works without, \
                             before the version is to be made anew"
                                .to_owned(),
                        );
                    }
                    fields.required("templateUrl", Yaml::Text(literal(&plain)));
                }
                Source::Stack(arn) => fields.required("fromStack", Yaml::Text(literal(&arn))),
            }
            if *guidance != Guidance::Default {
                fields.optional("guidance", Some(Yaml::text(guidance.as_str())));
            }
            if !active {
                fields.required("active", Yaml::Bare("false".to_owned()));
            }
            // Where others offer something, what offers nothing is left alone: a list of nothing would be noise.
            if let Some(names) = offers.get(at).filter(|names| !names.is_empty()) {
                fields.optional(
                    "serviceActions",
                    Some(Yaml::texts(names.iter().map(Name::as_str))),
                );
            }
            listed.names.insert(name.clone(), id.clone());
            listed.items.push(Item {
                value: Yaml::Map(fields.done().0),
                notes,
                optional: true,
            });
        }
        self.counts.versions += listed.items.len();
        listed
    }

    fn stack_of(&self, id: &VersionId) -> Option<&str> {
        let read = self.texts.get(id)?.as_ref().ok()?;
        read.stack.as_deref()
    }

    /// Where a version's template comes from, or why it can't be listed.
    fn source(
        &mut self,
        live: &LiveProduct,
        version: &LiveVersion,
        kind: ProductType,
    ) -> Result<Source, String> {
        let read = match self.texts.get(&version.id) {
            Some(Ok(read)) => read,
            Some(Err(why)) => {
                let why = format!("its template could not be read ({why})");
                let text = format!(
                    "version {:?} of {:?} ({}): {why}",
                    version.name, live.name, live.id
                );
                self.unread.insert(text);
                return Err(why);
            }
            None => return Err("its template was not read".to_owned()),
        };
        let VersionText {
            status,
            template,
            url,
            stack,
            parameters: _,
        } = read;
        match status {
            ReadyStatus::Available => {}
            ReadyStatus::Failed => return Err("it failed when it was made".to_owned()),
            ReadyStatus::Creating => return Err("it was still being made".to_owned()),
            ReadyStatus::Unknown(word) => return Err(format!("its status is {word:?}")),
        }
        let file = template
            .as_ref()
            .filter(|_| kind == ProductType::CloudFormation);
        match (file, url, stack) {
            (Some(text), ..) => Ok(Source::File(text.clone())),
            (None, Some(url), _) => Ok(Source::Url(url.clone())),
            (None, None, Some(stack)) => Ok(Source::Stack(stack.clone())),
            (None, None, None) => {
                let why = "the service shows neither its template nor where that is from";
                let text = format!(
                    "version {:?} of {:?} ({}): {why}",
                    version.name, live.name, live.id
                );
                self.unread.insert(text);
                Err(why.to_owned())
            }
        }
    }

    /// What each version offers, in the order of `usable`; nothing where all offer the same, which the product then says, or
    /// where it can't be said.
    fn offers(
        &self,
        live: &LiveProduct,
        usable: &[(&LiveVersion, Source)],
        listed: &mut Listed,
    ) -> Vec<BTreeSet<Name>> {
        if self.doubts.offers {
            let note = "Which service actions its versions offer could not be read as a whole.";
            listed.notes.push(note.to_owned());
            return Vec::new();
        }
        let mut all = Vec::new();
        for (version, _) in usable {
            let place = (live.id.clone(), version.id.clone());
            let offered = self.input.observed.service_actions.values();
            let offered = offered.filter(|action| action.versions.contains(&place));
            let ids: Vec<&ServiceActionId> = offered.map(|action| &action.id).collect();
            let unknown: Vec<&str> = ids
                .iter()
                .filter(|id| !self.has_action(id))
                .map(|id| id.as_str())
                .collect();
            if !unknown.is_empty() {
                listed.notes.push(format!(
                    "Version {:?} offers service actions that have no manifest here ({}), so nothing is said of what versions offer: a list would withdraw them.",
                    version.name,
                    unknown.join(", ")
                ));
                return Vec::new();
            }
            let names = ids
                .into_iter()
                .filter_map(|id| self.owners.service_actions.get(id));
            let names: BTreeSet<Name> = names.map(|object| object.name.clone()).collect();
            all.push(names);
        }
        match all.first() {
            Some(first) if all.iter().all(|other| other == first) => {
                let names: Vec<&str> = first.iter().map(Name::as_str).collect();
                listed.offers = (!names.is_empty()).then(|| Yaml::texts(names));
                Vec::new()
            }
            _ => all,
        }
    }
}

/// How a template's file ends: as what it is read by editors, and never as what could be taken for a manifest.
fn extension(text: &str) -> &'static str {
    let bare = text.trim_start_matches('\u{feff}').trim_start();
    if names_a_manifest(text) || Node::read(text.as_bytes()).is_err() {
        "template"
    } else if bare.starts_with('{') {
        "json"
    } else {
        "yaml"
    }
}

/// A URL without what lets its holder in: a user and password before the host, and the parameters of a signature. Returns
/// whether there was any.
fn unsigned(url: &str) -> (String, bool) {
    /// Of S3 (both signatures), CloudFront and the stores of others; in lower case.
    const SIGNING: [&str; 12] = [
        "signature",
        "awsaccesskeyid",
        "expires",
        "policy",
        "key-pair-id",
        "hash-algorithm",
        "googleaccessid",
        "sig",
        "token",
        "access_token",
        "private_token",
        "api_key",
    ];
    let signs = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default();
        let key = key.to_ascii_lowercase();
        let ours = ["x-amz-", "x-goog-"]
            .iter()
            .any(|known| key.starts_with(known));
        ours || SIGNING.contains(&key.as_str())
    };
    let (place, query) = match url.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (url, None),
    };
    let (scheme, rest) = place.split_once("://").unwrap_or(("", place));
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let user = host.rsplit_once('@');
    let host = user.map_or(host, |(_, host)| host);
    let pairs = query.into_iter().flat_map(|query| query.split('&'));
    let (signing, kept): (Vec<&str>, Vec<&str>) = pairs.partition(signs);
    let mut plain = match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    };
    if !kept.is_empty() {
        plain.push('?');
        plain.push_str(&kept.join("&"));
    }
    (plain, user.is_some() || !signing.is_empty())
}

#[cfg(test)]
mod tests {
    use super::unsigned;

    #[test]
    fn what_lets_its_holder_in_is_taken_out_of_a_url() {
        let plain = "https://b.s3.us-east-1.amazonaws.com/a/b.yaml";
        let signed = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F1&X-Amz-Security-Token=t&x-amz-signature=0a";
        for (url, expected, was) in [
            (plain.to_owned(), plain.to_owned(), false),
            (
                format!("{plain}?versionId=3"),
                format!("{plain}?versionId=3"),
                false,
            ),
            (format!("{plain}?{signed}"), plain.to_owned(), true),
            (
                format!("{plain}?versionId=3&{signed}"),
                format!("{plain}?versionId=3"),
                true,
            ),
            (
                format!("{plain}?AWSAccessKeyId=AKIA&Signature=a%3D&Expires=9"),
                plain.to_owned(),
                true,
            ),
            (
                "https://me:hunter2@example.com/a@b?x=y".to_owned(),
                "https://example.com/a@b?x=y".to_owned(),
                true,
            ),
        ] {
            assert_eq!(unsigned(&url), (expected, was), "{url}");
        }
    }
}
