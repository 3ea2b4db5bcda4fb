//! Template files: finding them in the source, and reading what they say of parameters and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::finding::{Code, Finding};
use super::node::At;
use super::schema::{SourceSpec, Specs, TemplateFile};
use super::words;
use crate::ids::{Digest, Name};
use crate::model::desired::ProductType;
use crate::model::limits;
use crate::model::template::declared::Declared;
use crate::model::template::reading::{Reading, Section};
use crate::model::template::{ParameterDecl, Template};
use crate::model::tree::{Entry, Pin, Pinned, Tree};

/// What a template says of its interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its parameters; `None` where a macro may add some.
    pub parameters: Option<Vec<ParameterDecl>>,
    /// The keys of its outputs; `None` where a macro may add some.
    pub outputs: Option<BTreeSet<String>>,
}

/// Reads a template's interface: YAML with any tags, or JSON (with tabs, too).
///
/// # Errors
/// Why it cannot be read, for a person. That is no reason not to upload it: CloudFormation decides.
pub fn interface(bytes: &[u8]) -> Result<Interface, String> {
    let Reading {
        parameters,
        outputs,
        ..
    } = Reading::of(bytes)?;
    Ok(Interface {
        parameters: decls(&parameters),
        outputs: outputs.whole.then(|| outputs.members.into_keys().collect()),
    })
}

/// A template's parameters as the service says them, where all are known.
pub(super) fn decls(parameters: &Section<Vec<Declared>>) -> Option<Vec<ParameterDecl>> {
    let all = parameters.members.iter().map(Declared::decl);
    parameters.whole.then(|| all.collect())
}

/// The template files that versions name.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// By the digest of their bytes.
    pub(super) files: BTreeMap<Digest, Arc<Template>>,
    /// Paths in the tree that some version names, found or not: nobody else's business.
    pub(super) named: BTreeSet<String>,
    /// Those that a provisioned product's version has: only of these the model keeps the parameters.
    pub(super) launched: BTreeSet<Digest>,
}

impl Templates {
    /// What a template says, where it can be read.
    pub(super) fn reading(&self, raw: &Digest) -> Option<&Reading> {
        self.files.get(raw)?.reading().ok()
    }
}

/// Finds the template of every version, and reads those that provisioned products need.
pub(super) fn locate(tree: &Tree, specs: &mut Specs, findings: &mut Vec<Finding>) -> Templates {
    let mut templates = Templates::default();
    let mut digests: BTreeMap<String, Digest> = BTreeMap::new();
    let launched: BTreeSet<(&Name, &str)> = specs
        .provisioned
        .iter()
        .filter_map(|p| {
            Some((
                &p.product.as_ref()?.value,
                p.version.as_ref()?.value.as_str(),
            ))
        })
        .collect();
    for product in &mut specs.products {
        let header = &product.header;
        let kind = product.product_type.as_ref().map(|found| found.value);
        // What another engine runs says nothing that could be read here.
        let readable = kind.is_none_or(|kind| kind == ProductType::CloudFormation);
        for version in &mut product.versions {
            let Some(SourceSpec::File {
                path,
                reference,
                found,
            }) = &mut version.source
            else {
                continue;
            };
            let mut report = |finding: Finding| findings.push(finding.about(header.key.as_ref()));
            let bytes = match Lookup::of(tree, path, reference.as_ref()).and_then(|lookup| {
                templates.named.insert(lookup.path.clone());
                let bytes = lookup.bytes()?;
                Ok((lookup.name(), bytes))
            }) {
                Ok(found) => found,
                Err(finding) => {
                    report(*finding);
                    continue;
                }
            };
            let (full, bytes) = bytes;
            let raw = match digests.get(&full) {
                Some(raw) => raw.clone(),
                None => {
                    let template = Template::new(bytes.clone());
                    let raw = template.raw.clone();
                    digests.insert(full.clone(), raw.clone());
                    templates
                        .files
                        .entry(raw.clone())
                        .or_insert_with(|| Arc::new(template));
                    raw
                }
            };
            if let Some(why) = suspicious(&bytes) {
                report(Finding::new(Code::TemplateSuspect, &path.origin, why.0).hint(why.1));
            }
            let named = (header.name.as_ref(), version.name.value.as_str());
            let needed = named
                .0
                .is_some_and(|name| readable && launched.contains(&(name, named.1)));
            if needed
                && templates.launched.insert(raw.clone())
                && let Some(Err(why)) = templates.files.get(&raw).map(|found| found.reading())
            {
                let message = format!(
                    "the parameters of {} cannot be read: {why}",
                    words::code(&path.value)
                );
                report(
                    Finding::new(Code::TemplateUnparsed, &path.origin, message)
                        .hint("it is uploaded as it is: CloudFormation decides"),
                );
            }
            *found = Some(TemplateFile {
                shown: Arc::from(tree.shown(&full)),
                raw,
            });
        }
    }
    templates
}

/// What versions name by `ref`, as far as their paths are any.
pub(super) fn pins(tree: &Tree, specs: &Specs) -> BTreeSet<Pin> {
    let versions = specs.products.iter().flat_map(|product| &product.versions);
    let pin = |source: &SourceSpec| match source {
        SourceSpec::File {
            path,
            reference: Some(reference),
            ..
        } => Some(Pin {
            reference: reference.value.clone(),
            path: Lookup::of(tree, path, None).ok()?.path,
        }),
        _ => None,
    };
    versions
        .filter_map(|version| version.source.as_ref().and_then(pin))
        .collect()
}

/// Why a file is hardly a template, and what to do about it.
fn suspicious(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some((
            "the template is a Git LFS pointer, not the file itself",
            "keep templates out of Git LFS: they are small",
        ));
    }
    bytes.trim_ascii().is_empty().then_some((
        "the template is empty",
        "the service refuses it: write a template",
    ))
}

/// A template path, resolved against its manifest.
struct Lookup<'a> {
    tree: &'a Tree,
    path: String,
    written: &'a At<String>,
    reference: Option<&'a At<String>>,
}

impl<'a> Lookup<'a> {
    /// Resolves the path as written, without looking at files.
    fn of(
        tree: &'a Tree,
        written: &'a At<String>,
        reference: Option<&'a At<String>>,
    ) -> Result<Self, Box<Finding>> {
        let text = written.value.as_str();
        let refuse = |message: String, hint: &str| {
            let finding = Finding::new(Code::TemplatePath, &written.origin, message).hint(hint);
            Err(Box::new(finding))
        };
        let shown = words::code(text);
        if text.contains("://") {
            return refuse(format!("{shown} is a URL, not a path"), "use `templateUrl`");
        }
        if text.starts_with('/') || text.starts_with('~') {
            return refuse(
                format!("{shown} is absolute"),
                "a template's path is relative to its manifest",
            );
        }
        if text.contains('\\') {
            return refuse(
                format!("{shown} has a backslash"),
                "separate folders by `/`",
            );
        }
        if text.is_empty() || text.ends_with('/') || text.chars().any(char::is_control) {
            return refuse(
                format!("{shown} names no file"),
                "write the path of a template, relative to the manifest",
            );
        }
        // A manifest always lies below the scope.
        let manifest = &*written.origin.file;
        let folder = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = Vec::new();
        for part in [tree.scope.as_str(), folder, text]
            .into_iter()
            .flat_map(|path| path.split('/'))
        {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return refuse(
                            format!("{shown} leaves the repository"),
                            "keep templates in the repository of their manifests",
                        );
                    }
                }
                part => parts.push(part),
            }
        }
        Ok(Self {
            tree,
            path: parts.join("/"),
            written,
            reference,
        })
    }

    fn refuse<T>(&self, code: Code, message: String) -> Result<T, Box<Finding>> {
        Err(Box::new(Finding::new(code, &self.written.origin, message)))
    }

    /// The path, and of which tag or commit.
    fn name(&self) -> String {
        match self.reference {
            Some(reference) => format!("{}@{}", self.path, reference.value),
            None => self.path.clone(),
        }
    }

    /// The file's bytes.
    fn bytes(&self) -> Result<Arc<[u8]>, Box<Finding>> {
        match self.reference {
            Some(reference) => self.pinned(reference),
            None => self.entry(
                self.tree.files.get(&self.path),
                words::code(&self.written.value),
            ),
        }
    }

    /// The bytes of the file as it was at another tag or commit.
    fn pinned(&self, reference: &At<String>) -> Result<Arc<[u8]>, Box<Finding>> {
        let at = words::code(&reference.value);
        let shown = format!("{} at {at}", words::code(&self.written.value));
        let refuse = |why: &str, hint: &str| {
            let message = format!("the ref {at} {why}");
            let finding = Finding::new(Code::TemplateRef, &reference.origin, message).hint(hint);
            Err(Box::new(finding))
        };
        let pin = Pin {
            reference: reference.value.clone(),
            path: self.path.clone(),
        };
        match self.tree.pinned.get(&pin) {
            Some(Pinned::There(entry)) => self.entry(Some(entry), shown),
            Some(Pinned::BehindLink(link)) => self.symlink(&shown, link),
            Some(Pinned::NoPath) => {
                let full = words::code(self.tree.shown(&self.path));
                let message = format!("the template {shown} is not there (looked for {full})");
                Err(Box::new(
                    Finding::new(Code::TemplateMissing, &self.written.origin, message)
                        .hint("write the path that the file had then, as seen from this manifest"),
                ))
            }
            Some(Pinned::NoRef { why, hint }) => refuse(why, hint),
            None => refuse(
                "can't be read: this source is read without its repository",
                "leave `ref` out and name the file itself",
            ),
        }
    }

    fn entry(&self, entry: Option<&Entry>, shown: String) -> Result<Arc<[u8]>, Box<Finding>> {
        match entry {
            Some(Entry::File(bytes)) if bytes.len() > limits::TEMPLATE_BYTES => self.refuse(
                Code::TemplateTooLarge,
                format!(
                    "{shown} has {} bytes: CloudFormation reads {} at most",
                    bytes.len(),
                    limits::TEMPLATE_BYTES
                ),
            ),
            Some(Entry::File(bytes)) => Ok(bytes.clone()),
            Some(Entry::TooLarge { bytes }) => self.refuse(
                Code::TemplateTooLarge,
                format!(
                    "{shown} has {bytes} bytes: CloudFormation reads {} at most",
                    limits::TEMPLATE_BYTES
                ),
            ),
            Some(Entry::Symlink) => self.symlink(&shown, &self.path),
            Some(Entry::Unreadable { reason }) => self.refuse(
                Code::Unreadable,
                format!("{shown} cannot be read: {reason}"),
            ),
            None => self.missing(&shown),
        }
    }

    fn symlink<T>(&self, shown: &str, link: &str) -> Result<T, Box<Finding>> {
        let message = if link == self.path {
            format!("{shown} is a symbolic link, and links are not followed")
        } else {
            let link = words::code(self.tree.shown(link));
            format!("{shown} lies behind the symbolic link {link}, and links are not followed")
        };
        Err(Box::new(
            Finding::new(Code::Symlink, &self.written.origin, message).hint("name the file itself"),
        ))
    }

    /// Why nothing is under the path, and what may have been meant.
    fn missing<T>(&self, shown: &str) -> Result<T, Box<Finding>> {
        for (at, _) in self.path.match_indices('/') {
            let parent = self.path.get(..at).unwrap_or_default();
            match self.tree.files.get(parent) {
                Some(Entry::Symlink) => return self.symlink(shown, parent),
                Some(Entry::Unreadable { reason }) => {
                    let message = format!("{shown} cannot be read: {reason}");
                    return self.refuse(Code::Unreadable, message);
                }
                _ => {}
            }
        }
        let full = words::code(self.tree.shown(&self.path));
        let message = format!("the template {shown} is not there (looked for {full})");
        Err(Box::new(
            Finding::new(Code::TemplateMissing, &self.written.origin, message).hint(
                self.meant()
                    .map(|path| format!("did you mean {}?", words::code(&path)))
                    .unwrap_or_else(|| "a template's path is relative to its manifest".to_owned()),
            ),
        ))
    }

    /// A near file name in the same folder, or the same file name in another; as it is to be written.
    fn meant(&self) -> Option<String> {
        let (folder, name) = match self.path.rsplit_once('/') {
            Some((folder, name)) => (format!("{folder}/"), name),
            None => (String::new(), self.path.as_str()),
        };
        let siblings = self
            .tree
            .files
            .range(folder.clone()..)
            .map_while(|(path, _)| path.strip_prefix(folder.as_str()))
            .filter(|rest| !rest.contains('/'));
        if let Some(near) = words::near(name, siblings) {
            let written = self.written.value.as_str();
            let before = written.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Some(match before {
                "" => near.to_owned(),
                before => format!("{before}/{near}"),
            });
        }
        let end = format!("/{name}");
        let manifest = &*self.written.origin.file;
        let home = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (elsewhere, _) = self.tree.scoped().find(|(path, entry)| {
            matches!(entry, Entry::File(_)) && (path.ends_with(&end) || *path == name)
        })?;
        Some(relative(home, self.tree.shown(elsewhere)))
    }
}

/// The path of a file as seen from a folder.
fn relative(folder: &str, file: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = file.split('/').collect();
    let (name, to) = to
        .split_last()
        .map_or(("", &[][..]), |(n, rest)| (*n, rest));
    let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| "..");
    let down = to.iter().skip(shared).copied();
    up.chain(down).chain([name]).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_lead_there() {
        assert_eq!(relative("a/b", "a/c/x.yaml"), "../c/x.yaml");
        assert_eq!(relative("", "a/x.yaml"), "a/x.yaml");
        assert_eq!(relative("a", "x.yaml"), "../x.yaml");
        assert_eq!(relative("a", "a/x.yaml"), "x.yaml");
    }
}
