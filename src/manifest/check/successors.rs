//! What the newest version takes away from who launched the one before it: parameters, values, outputs and resources. Both are
//! advice: a version changes nothing until somebody moves to it.

use super::{Catalog, Newest};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{ParameterSpec, ProvisionedSpec, ValueSpec, VersionSpec};
use crate::manifest::words;
use crate::model::desired::Origin;
use crate::model::template::change::{
    DefaultValue, Former, MemberChange, ParameterChange, ParameterPart, ResourceChange,
    TemplateChange,
};
use crate::model::template::declared::Declared;
use crate::model::template::reading::{Policy, Reading};

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for newest in catalog.newest() {
        let Some(before) = newest.before else {
            continue;
        };
        let old = catalog.reading(newest.product, before);
        let new = catalog.reading(newest.product, newest.version);
        let (Some(old), Some(new)) = (old, new) else {
            continue;
        };
        let mut step = Step {
            catalog,
            newest: &newest,
            before,
            old,
            new,
            findings,
        };
        step.check();
    }
}

/// From one version to the next.
struct Step<'c, 'a> {
    catalog: &'c Catalog<'a>,
    newest: &'c Newest<'a>,
    before: &'a VersionSpec,
    old: &'a Reading,
    new: &'a Reading,
    findings: &'c mut Vec<Finding>,
}

impl<'a> Step<'_, 'a> {
    fn check(&mut self) {
        let change = TemplateChange::between(self.old, self.new);
        let parameters = change.parameters.iter();
        let removed = parameters.filter(|(_, change)| **change == ParameterChange::Removed);
        let removed: Vec<&str> = removed.map(|(key, _)| key.as_str()).collect();
        // A macro may put one back.
        if self.new.parameters.whole && !removed.is_empty() {
            self.removed(&removed);
        }
        for (key, change) in &change.parameters {
            match change {
                ParameterChange::Removed => {}
                ParameterChange::Added { default, .. } if *default == DefaultValue::None => {
                    self.required(key, "it is new and has no default");
                }
                ParameterChange::Added { .. } => {}
                ParameterChange::Changed(parts) => {
                    for part in parts {
                        self.part(key, part);
                    }
                }
            }
        }
        for (key, change) in &change.outputs {
            if *change == MemberChange::Removed {
                self.output(key);
            }
        }
        let mut gone = Vec::new();
        for (id, change) in &change.resources {
            match change {
                ResourceChange::Removed { was } if was.deletion == Policy::Unsaid => {
                    gone.push((id.as_str(), was));
                }
                ResourceChange::Retyped { was, kind } => self.retyped(id, was, kind),
                ResourceChange::Removed { .. }
                | ResourceChange::Added { .. }
                | ResourceChange::Changed { .. } => {}
            }
        }
        // A macro may write what the template does not.
        if self.new.resources.whole {
            self.gone(&gone);
        }
    }

    fn part(&mut self, key: &str, part: &ParameterPart) {
        match part {
            ParameterPart::Default {
                before,
                after: DefaultValue::None,
            } if *before != DefaultValue::None => self.required(key, "its former default is gone"),
            ParameterPart::Type { before, after } => {
                let what = format!(
                    "{} is of another type in version {} than in {}: {} instead of {}",
                    words::code(key),
                    self.shown(self.newest.version),
                    self.shown(self.before),
                    words::code(after),
                    words::code(before)
                );
                let finding = self.at_new(Code::ParameterRetyped, key, what).hint(
                    "values that were given may not fit: say so in the version's description",
                );
                let users = self.users(|given| given.key.value == key);
                self.report(finding, users, "gives it");
            }
            ParameterPart::Allowed {
                before,
                after: true,
                added,
                removed,
                secret,
            } if !removed.is_empty() || !*before => {
                self.narrowed(key, *before, added, removed, *secret)
            }
            ParameterPart::Default { .. }
            | ParameterPart::Allowed { .. }
            | ParameterPart::NoEcho(_)
            | ParameterPart::Field { .. } => {}
        }
    }

    fn removed(&mut self, keys: &[&str]) {
        let noun = match keys {
            [_] => "parameter",
            _ => "parameters",
        };
        let message = format!(
            "version {} no longer has the {noun} {} of {}",
            self.shown(self.newest.version),
            words::some(keys, "and"),
            self.shown(self.before)
        );
        let version = self.newest.version;
        let mut finding = self
            .finding(Code::ParameterRemoved, &version.name.origin, message)
            .hint("what is given has to be dropped with the move to this version");
        for key in keys {
            if let Some(old) = self.old.parameter(key) {
                let place = self.catalog.place(self.before, old.at);
                finding = finding.related(&place, format!("{} was here", words::code(key)));
            }
        }
        let users = self.users(|given| keys.contains(&given.key.value.as_str()));
        self.report(finding, users, "gives it");
    }

    fn required(&mut self, key: &str, how: &str) {
        let message = format!(
            "{} must be given from version {} on: {how}",
            words::code(key),
            self.shown(self.newest.version)
        );
        let finding = self
            .at_new(Code::ParameterRequired, key, message)
            .hint("a default spares everybody who moves to this version from giving it");
        let specs: Vec<&ProvisionedSpec> = self.older_users().collect();
        let lacking = specs.into_iter().filter(|spec| {
            let mut given = spec.parameters.iter().flatten();
            spec.parameters_known && !given.any(|one| one.key.value == key)
        });
        let lacking = lacking.filter_map(|spec| {
            let version = spec.version.as_ref()?;
            Some((version.origin.clone(), spec))
        });
        let lacking = lacking.collect();
        self.report(finding, lacking, "does not give it");
    }

    fn narrowed(
        &mut self,
        key: &str,
        before: bool,
        added: &[String],
        removed: &[String],
        secret: bool,
    ) {
        let texts = |all: &[String]| {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            words::some(&all, "and")
        };
        let what = match (secret, before) {
            (true, _) => format!("allows other values for {}", words::code(key)),
            (false, true) => {
                format!(
                    "no longer allows {} for {}",
                    texts(removed),
                    words::code(key)
                )
            }
            (false, false) => {
                format!("allows only {} for {}", texts(added), words::code(key))
            }
        };
        let message = format!("version {} {what}", self.shown(self.newest.version));
        let finding = self
            .at_new(Code::AllowedValuesRemoved, key, message)
            .hint("who gave another value has to choose anew with the move to this version");
        let declared: Option<&Declared> = self.new.parameter(key);
        let users = self.users(|given| {
            let text = match &given.value.value {
                ValueSpec::Literal(text) if !given.open => text,
                _ => return false,
            };
            given.key.value == key && declared.is_some_and(|decl| decl.refuses(text).is_some())
        });
        self.report(finding, users, "gives one that is no longer allowed");
    }

    fn output(&mut self, key: &str) {
        if !self.new.outputs.whole {
            return;
        }
        let product = &self.newest.product.header.name;
        let specs = self.catalog.specs.provisioned.iter();
        let mut users = Vec::new();
        for spec in specs {
            for parameter in spec.parameters.iter().flatten() {
                let ValueSpec::Output { from, key: used } = &parameter.value.value else {
                    continue;
                };
                let upstream = self.catalog.provisioned.get(&from.value);
                let of = upstream.and_then(|up| up.product.as_ref());
                let of = of.map(|product| &product.value);
                if used.value == key && of.is_some() && of == product.as_ref() {
                    users.push((used.origin.clone(), spec));
                }
            }
        }
        // An output that nobody here uses may go.
        if users.is_empty() {
            return;
        }
        let message = format!(
            "version {} no longer has the output {} of {}, which is used",
            self.shown(self.newest.version),
            words::code(key),
            self.shown(self.before)
        );
        let version = self.newest.version;
        let mut finding = self
            .finding(Code::OutputRemoved, &version.name.origin, message)
            .hint("keep it, or mend who uses it before the move to this version");
        if let Some(old) = self.old.outputs.members.get(key) {
            let place = self.catalog.place(self.before, old.at);
            finding = finding.related(&place, "it was here");
        }
        self.report(finding, users, "uses it");
    }

    fn retyped(&mut self, id: &str, was: &Former, kind: &str) {
        let message = format!(
            "{} is {} in version {} and was {} in {}: CloudFormation refuses an update from one to the other",
            words::code(id),
            words::code(kind),
            self.shown(self.newest.version),
            words::code(&was.kind),
            self.shown(self.before)
        );
        let at = self
            .new
            .resources
            .members
            .get(id)
            .map(|resource| resource.at);
        let version = self.newest.version;
        let origin = at.map_or(version.name.origin.clone(), |at| {
            self.catalog.place(version, at)
        });
        let finding = self
            .finding(Code::ResourceRetyped, &origin, message)
            .hint("give what is new another logical id")
            .related(&self.catalog.place(self.before, was.at), "it was here")
            .related(&version.name.origin, "the newest version");
        self.report(finding, Vec::new(), "");
    }

    fn gone(&mut self, all: &[(&str, &Former)]) {
        let mut all = all.to_vec();
        // What holds data first.
        all.sort_by_key(|(_, was)| (!was.is_stateful(), was.at));
        let Some(((first, was), rest)) = all.split_first() else {
            return;
        };
        let others = match rest.len() {
            0 => String::new(),
            number => format!(" and {}", words::count(number, "other resource")),
        };
        let data = match all.iter().any(|(_, was)| was.is_stateful()) {
            true => " with its data",
            false => "",
        };
        let message = format!(
            "version {} no longer has {} ({}){others} of {}, and no `DeletionPolicy` keeps what goes: an update deletes it{data}",
            self.shown(self.newest.version),
            words::code(first),
            was.kind,
            self.shown(self.before)
        );
        let version = self.newest.version;
        let mut finding = self
            .finding(Code::ResourceRemoved, &version.name.origin, message)
            .hint("what is to stay needs a version with `DeletionPolicy: Retain` before this one");
        for (id, was) in &all {
            let note = format!("{} ({})", words::code(id), was.kind);
            finding = finding.related(&self.catalog.place(self.before, was.at), note);
        }
        self.report(finding, Vec::new(), "");
    }

    fn shown(&self, version: &VersionSpec) -> String {
        words::code(&version.name.value)
    }

    fn finding(&self, code: Code, origin: &Origin, message: String) -> Finding {
        self.newest.product.header.finding(code, origin, message)
    }

    /// A finding where the new template declares a parameter. Its line is not shown where it may hold a secret's default.
    fn at_new(&self, code: Code, key: &str, message: String) -> Finding {
        let version = self.newest.version;
        let (old, new) = (self.old.parameter(key), self.new.parameter(key));
        let origin = match new {
            Some(declared) => self.catalog.place(version, declared.at),
            None => version.name.origin.clone(),
        };
        let mut finding = self.finding(code, &origin, message);
        finding.secret = [old, new].into_iter().flatten().any(|one| one.no_echo);
        if let Some(old) = old {
            let place = self.catalog.place(self.before, old.at);
            finding = finding.related(&place, "it was here");
        }
        finding.related(&version.name.origin, "the newest version")
    }

    /// The product's provisioned products that are not at the newest version yet.
    fn older_users(&self) -> impl Iterator<Item = &'a ProvisionedSpec> + use<'a> {
        let newest = self.newest.version.name.value.clone();
        let users = self.catalog.users(self.newest.product);
        users.filter(move |spec| {
            let version: Option<&At<String>> = spec.version.as_ref();
            version.is_some_and(|version| version.value != newest)
        })
    }

    /// Those of them that give a parameter so.
    fn users(&self, which: impl Fn(&ParameterSpec) -> bool) -> Vec<(Origin, &'a ProvisionedSpec)> {
        let mut found = Vec::new();
        for spec in self.older_users() {
            let mut given = spec.parameters.iter().flatten();
            if let Some(parameter) = given.find(|parameter| which(parameter)) {
                found.push((parameter.key.origin.clone(), spec));
            }
        }
        found
    }

    fn report(&mut self, mut finding: Finding, users: Vec<(Origin, &ProvisionedSpec)>, what: &str) {
        for (origin, spec) in users {
            if let Some(key) = &spec.header.key {
                finding = finding.related(&origin, format!("{key} {what}"));
            }
        }
        self.findings.push(finding);
    }
}
