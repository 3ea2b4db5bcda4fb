//! Findings: what is wrong with a source, where, and what to do about it.

use std::fmt;

use crate::ids::Key;
use crate::model::desired::Origin;
use crate::secret;

/// Whether a finding stops the object it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The object is left out of the pass ([`crate::model::desired::Desired::broken`]).
    Error,
    /// Advice: the object is acted on all the same.
    Warning,
}

impl Severity {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes the enum of codes with its texts, so that no code can lack one.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// What kind of finding it is. The texts are stable: scripts may rest on them. `docs/findings.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$meta])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether it stops its object.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    // files
    /// The file is no YAML.
    Syntax = "syntax", Error;
    /// The file is not UTF-8.
    NotUtf8 = "not-utf-8", Error;
    /// A manifest file is beyond the limit of bytes.
    TooLarge = "too-large", Error;
    /// A manifest file nests too deep, or has too many values or documents.
    TooComplex = "too-complex", Error;
    /// A manifest or template is a symbolic link, or lies behind one.
    Symlink = "symlink", Error;
    /// A manifest or template is there and could not be read.
    Unreadable = "unreadable", Error;
    /// Nothing in the source is a manifest.
    NoManifests = "no-manifests", Error;
    /// An anchor, an alias or a merge key.
    Alias = "alias", Error;
    /// A YAML tag such as `!Ref` or `!!str`.
    YamlTag = "yaml-tag", Error;
    /// One key twice in a map.
    DuplicateKey = "duplicate-key", Error;
    /// A map's key that is a list or a map.
    InvalidKey = "invalid-key", Error;
    // documents
    /// `apiVersion` is missing, mistyped or of another version.
    ApiVersion = "api-version", Error;
    /// `kind` is missing or unknown.
    UnknownKind = "unknown-kind", Error;
    /// Manifests inside a list.
    ListOfManifests = "list-of-manifests", Error;
    /// `metadata.name` is no name.
    InvalidName = "invalid-name", Error;
    /// A field that does not exist.
    UnknownField = "unknown-field", Error;
    /// A field that must be there.
    MissingField = "missing-field", Error;
    /// A list where a map belongs, and the like.
    WrongType = "wrong-type", Error;
    /// A number or boolean where a text belongs.
    Unquoted = "unquoted", Error;
    /// A field without a value.
    NullValue = "null-value", Error;
    /// A value that is not among those a field can have.
    UnknownValue = "unknown-value", Error;
    /// None or several of fields of which exactly one is wanted.
    ExactlyOne = "exactly-one", Error;
    /// An empty text or list that the service would refuse.
    EmptyValue = "empty-value", Error;
    // texts
    /// A text beyond the service's limit.
    TooLong = "too-long", Error;
    /// More items than the service takes.
    TooMany = "too-many", Error;
    /// More items than the service takes by default; the quota can be raised.
    OverDefaultQuota = "over-default-quota", Warning;
    /// An ARN that is no ARN of its kind.
    InvalidArn = "invalid-arn", Error;
    /// A role name that IAM would refuse.
    InvalidRoleName = "invalid-role-name", Error;
    /// A URL that the service would refuse.
    InvalidUrl = "invalid-url", Error;
    /// An item of a parameter's list that has a comma.
    ListItem = "list-item", Error;
    /// A name that the parameter store would refuse.
    InvalidSsmName = "invalid-ssm-name", Error;
    /// Accounts, regions or counts of a stack set that the service would refuse.
    InvalidStackSet = "invalid-stack-set", Error;
    /// A name of a provisioned product or a service action that the service would refuse.
    InvalidLiveName = "invalid-live-name", Error;
    /// A tag's key or value that the service would refuse.
    InvalidTag = "invalid-tag", Error;
    /// A tag key that AWS or catalogd keeps for itself.
    ReservedTag = "reserved-tag", Error;
    /// A share with what can't be shared with, or of what can't be shared.
    InvalidShare = "invalid-share", Error;
    /// A rule of a template constraint that CloudFormation would refuse.
    InvalidRule = "invalid-rule", Error;
    /// A rule of a template constraint that CloudFormation is said to refuse.
    SuspectRule = "suspect-rule", Warning;
    // objects among each other
    /// Two objects of one kind with one name.
    DuplicateName = "duplicate-name", Error;
    /// Two `Defaults` in one folder.
    DuplicateDefaults = "duplicate-defaults", Error;
    /// Two versions of one product with one name.
    DuplicateVersion = "duplicate-version", Error;
    /// One portfolio, principal or dependency twice in a list.
    DuplicateItem = "duplicate-item", Error;
    /// Two TagOptions with one key and value.
    DuplicateTagOption = "duplicate-tag-option", Error;
    /// Two provisioned products with one name in the account.
    DuplicateLiveName = "duplicate-live-name", Error;
    /// A reference to something that the source does not declare.
    DanglingReference = "dangling-reference", Error;
    /// An output that the upstream's template does not have.
    UnknownOutput = "unknown-output", Error;
    /// Provisioned products that wait for each other.
    DependencyCycle = "dependency-cycle", Error;
    /// A provisioned product's portfolio that does not hold its product.
    ProductNotInPortfolio = "product-not-in-portfolio", Error;
    /// A product that stands in no portfolio.
    NoPortfolio = "no-portfolio", Warning;
    /// `ignore` names a finding that can't be silenced.
    InvalidIgnore = "invalid-ignore", Error;
    /// `ignore` names a warning that the object does not have.
    UnusedIgnore = "unused-ignore", Warning;
    /// The object is sound and has to wait for one that is not.
    DependsOnBroken = "depends-on-broken", Warning;
    /// A portfolio or product is given a TagOption that is not active.
    InactiveTagOption = "inactive-tag-option", Warning;
    /// A product and its portfolio offer one key and no value that both have.
    TagOptionConflict = "tag-option-conflict", Warning;
    /// A version among the newest that `retention` keeps says that it is deprecated or inactive.
    RetentionOverridden = "retention-overridden", Warning;
    /// Another account's portfolio that is treated as if it were one's own, or can't be told.
    ImportedPortfolio = "imported-portfolio", Error;
    // rules over plans
    /// `catalogd.yaml` that has another name, or holds something else.
    SettingsFile = "settings-file", Error;
    /// A rule over plans that is no expression, or is asked of something that is not there.
    InvalidRuleOfPolicy = "invalid-policy-rule", Error;
    // templates
    /// A template path that is absolute, malformed or leaves the repository.
    TemplatePath = "template-path", Error;
    /// A template that is not there.
    TemplateMissing = "template-missing", Error;
    /// A version's `ref` that is no tag and no commit of the repository.
    TemplateRef = "template-ref", Error;
    /// A template that CloudFormation would not read.
    TemplateTooLarge = "template-too-large", Error;
    /// A template that catalogd cannot read: its parameters are unknown.
    TemplateUnparsed = "template-unparsed", Warning;
    /// A file that is hardly a template: empty, or a Git LFS pointer.
    TemplateSuspect = "template-suspect", Warning;
    /// A template beyond what CloudFormation takes of a kind.
    TemplateQuota = "template-quota", Warning;
    /// A parameter's default that the template itself does not allow.
    TemplateDefault = "template-default", Warning;
    /// A resource that holds data, without a word of what becomes of that.
    StatefulResource = "stateful-resource", Warning;
    /// The newest version lacks a parameter of the one before it.
    ParameterRemoved = "parameter-removed", Warning;
    /// The newest version has a parameter that must be given and had not to be before.
    ParameterRequired = "parameter-required", Warning;
    /// The newest version has a parameter of another type.
    ParameterRetyped = "parameter-retyped", Warning;
    /// The newest version no longer allows a value of a parameter.
    AllowedValuesRemoved = "allowed-values-removed", Warning;
    /// The newest version lacks an output that is used.
    OutputRemoved = "output-removed", Warning;
    /// The newest version lacks a resource that nothing keeps.
    ResourceRemoved = "resource-removed", Warning;
    /// The newest version has a resource of another type.
    ResourceRetyped = "resource-retyped", Warning;
    /// A parameter without default that is not given.
    MissingParameter = "missing-parameter", Error;
    /// A parameter that the template does not have.
    UnknownParameter = "unknown-parameter", Error;
    /// A value that is not of the parameter's type.
    ParameterType = "parameter-type", Error;
    /// A value that is not among the parameter's allowed values.
    ParameterNotAllowed = "parameter-not-allowed", Error;
    /// A value that the parameter's pattern does not match.
    ParameterPattern = "parameter-pattern", Error;
    /// A value that is too short, too long, too small or too large for the parameter.
    ParameterRange = "parameter-range", Error;
}

impl Code {
    /// Where it is explained.
    pub fn page(self) -> String {
        format!("docs/findings.md#{}", self.as_str())
    }

    /// Whether a manifest may silence it, with a reason. Errors leave their object out, and what says that something is left
    /// out, or is silenced for nothing, is no advice.
    pub fn can_be_silenced(self) -> bool {
        self.severity() == Severity::Warning
            && !matches!(self, Self::DependsOnBroken | Self::UnusedIgnore)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing to mend, or to think about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it is.
    pub origin: Origin,
    /// Whether it stops its object.
    pub severity: Severity,
    /// What kind of finding it is.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The object it is about, where its kind and name could be read.
    pub object: Option<Key>,
    /// Other places that belong to it, each with what is there.
    pub related: Vec<(Origin, String)>,
    /// Its line may hold a parameter's value, and is not to be shown (promise 8).
    pub secret: bool,
}

impl Finding {
    /// A finding with its code's severity.
    pub(super) fn new(code: Code, origin: &Origin, message: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            severity: code.severity(),
            code,
            message: message.into(),
            hint: None,
            object: None,
            related: Vec::new(),
            secret: false,
        }
    }

    /// Says what to do.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do, where that is known.
    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Masks what is secret by its shape in what it says (promise 8).
    pub(super) fn veil(&mut self) {
        secret::mask(&mut self.message);
        self.hint.iter_mut().for_each(secret::mask);
        let notes = self.related.iter_mut();
        notes.for_each(|(_, note)| secret::mask(note));
    }

    /// Names the object.
    pub(super) fn about(mut self, object: Option<&Key>) -> Self {
        self.object = object.cloned();
        self
    }

    /// Points at another place.
    pub(super) fn related(mut self, origin: &Origin, note: impl Into<String>) -> Self {
        self.related.push((origin.clone(), note.into()));
        self
    }
}

/// A warning that its object's manifest silences.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Silenced {
    /// What would have been said.
    pub finding: Finding,
    /// Why it is not.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(texts.iter().all(|text| text.chars().all(plain)));
    }
}
