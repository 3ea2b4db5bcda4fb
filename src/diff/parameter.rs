//! Parameters of provisioned products. NoEcho values come back masked, so they are compared by the base alone.

use std::collections::{BTreeMap, BTreeSet};

use super::normalise::MASKED;
use super::{Change, Reason, Shown, Was};
use crate::model::desired::{Parameter, ParameterValue};
use crate::model::secret::Secrets;
use crate::model::template::ParameterDecl;

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    /// The manifest's, with outputs filled in; `None` where it does not say.
    pub want: Option<&'a BTreeMap<String, Wanted<'a>>>,
    /// What git said when it was last applied.
    pub was: Was<&'a BTreeMap<String, Parameter>>,
    /// The live stack's, where it was read.
    pub live: Option<&'a BTreeMap<String, String>>,
    /// The target version's, where they are known.
    pub declared: Option<&'a [ParameterDecl]>,
    /// NoEcho values are sent again although nothing says that they changed.
    pub resend: bool,
    /// What is secret wherever it comes from: a stack may show it.
    pub secrets: &'a Secrets,
}

/// A parameter's value as it would be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// As the manifest says it: a text, a list, or where to take it from.
    pub value: &'a ParameterValue,
    /// The text: the literal, or the output or stored parameter as it is now.
    pub text: String,
    /// It is a SecureString: never shown, though a stack may show it (promise 8).
    pub secret: bool,
}

// Not derived: the text may be secret.
impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").finish_non_exhaustive()
    }
}

/// How parameters differ, and what an update sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParametersDiff {
    /// Parameter by parameter.
    pub changes: Vec<Change>,
    /// What an update sends, should there be one.
    pub send: BTreeMap<String, Send>,
    /// Live parameters that the target version does not have.
    pub dropped: BTreeSet<String>,
    /// Parameters of the manifest that the target version does not have: not sent.
    pub foreign: BTreeSet<String>,
}

/// One parameter of an update.
#[derive(Clone, PartialEq, Eq)]
pub enum Send {
    /// This value.
    Value(String),
    /// This value, never shown.
    Secret(String),
    /// What the stack has.
    Previous,
}

impl std::fmt::Debug for Send {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value:?}"),
            Self::Secret(_) => f.write_str("(secret)"),
            Self::Previous => f.write_str("(previous)"),
        }
    }
}

impl Parameters<'_> {
    /// Whether a parameter's value must never be shown.
    pub fn is_secret(&self, key: &str) -> bool {
        let wanted = self.want.and_then(|want| want.get(key));
        wanted.is_some_and(|wanted| wanted.secret) || self.is_hidden(key)
    }

    /// Whether a stack does not show a parameter's value, or would not.
    ///
    /// Where nothing is known of the target's parameters, a value that the stack shows in clear is no secret; one
    /// that no stack has yet might be, so it is treated as one (promise 8).
    fn is_hidden(&self, key: &str) -> bool {
        let live = self.live.and_then(|live| live.get(key));
        let masked = live.is_some_and(|value| value == MASKED);
        masked
            || match self.declared {
                Some(declared) => declared.iter().any(|d| d.key == key && d.no_echo),
                None => live.is_none(),
            }
    }

    fn target_has(&self, key: &str) -> bool {
        self.declared
            .is_none_or(|declared| declared.iter().any(|d| d.key == key))
    }

    /// Whether some NoEcho value is another than the one that was last applied, or is to be sent again.
    pub fn secrets_moved(&self) -> bool {
        let mut wanted = self.want.into_iter().flatten();
        wanted.any(|(key, wanted)| {
            self.target_has(key)
                && self.is_secret(key)
                && (self.resend || self.git_changed(key, wanted))
        })
    }

    /// The parameters of a first launch: the manifest's alone; what it leaves out takes the template's default.
    pub fn launch(&self) -> ParametersDiff {
        let mut diff = ParametersDiff::default();
        for (key, wanted) in self.want.into_iter().flatten() {
            if self.target_has(key) {
                diff.send.insert(key.clone(), self.send(key, wanted));
                diff.changes.push(self.change(key, wanted, None));
            } else {
                diff.foreign.insert(key.clone());
            }
        }
        diff
    }

    /// The parameters of an update, and what differs.
    pub fn update(&self) -> ParametersDiff {
        let mut diff = ParametersDiff::default();
        for key in self.live.into_iter().flat_map(BTreeMap::keys) {
            if self.target_has(key) {
                diff.send.insert(key.clone(), Send::Previous);
            } else {
                diff.dropped.insert(key.clone());
            }
        }
        for (key, wanted) in self.want.into_iter().flatten() {
            if !self.target_has(key) {
                diff.foreign.insert(key.clone());
                continue;
            }
            diff.send.insert(key.clone(), self.send(key, wanted));
            if self.differs(key, wanted) {
                let live = self.live.and_then(|live| live.get(key));
                diff.changes.push(self.change(key, wanted, live));
            }
        }
        diff
    }

    fn send(&self, key: &str, wanted: &Wanted<'_>) -> Send {
        if self.is_secret(key) {
            Send::Secret(wanted.text.clone())
        } else {
            Send::Value(wanted.text.clone())
        }
    }

    fn differs(&self, key: &str, wanted: &Wanted<'_>) -> bool {
        let Some(live) = self.live else {
            return self.git_changed(key, wanted);
        };
        match live.get(key) {
            None => true,
            Some(_) if self.is_hidden(key) => self.resend || self.git_changed(key, wanted),
            Some(live) => !same(wanted.value, &wanted.text, live),
        }
    }

    fn git_changed(&self, key: &str, wanted: &Wanted<'_>) -> bool {
        match self.was.map(|base| base.get(key)) {
            Was::Unknown | Was::Unmanaged => false,
            Was::Value(base) => base.map(|p| &p.value) != Some(wanted.value),
        }
    }

    fn change(&self, key: &str, wanted: &Wanted<'_>, live: Option<&String>) -> Change {
        let shown = |value: &str| {
            if self.is_secret(key) {
                Shown::Secret
            } else {
                Shown::text(value)
            }
        };
        Change {
            field: format!("parameters.{key}"),
            before: match live {
                // What the stack shows may be a SecureString that git has named so far.
                Some(_) if self.was_stored(key, wanted) => Shown::Secret,
                Some(live) if self.secrets.told_by(live) => Shown::Secret,
                live => live.map_or(Shown::Absent, |value| shown(value)),
            },
            after: shown(&wanted.text),
            reason: self.why(key, wanted, live),
        }
    }

    fn why(&self, key: &str, wanted: &Wanted<'_>, live: Option<&String>) -> Reason {
        let base = match self.was {
            Was::Unknown => return Reason::Differs,
            Was::Unmanaged => return Reason::GitChanged,
            Was::Value(base) => base.get(key),
        };
        let git = base.map(|p| &p.value) != Some(wanted.value);
        let drifted = match base.map(|p| &p.value) {
            // A masked value can't be told to have drifted, nor one that comes from elsewhere, as it once was.
            _ if self.is_hidden(key) => false,
            Some(value) => value
                .written()
                .is_some_and(|text| live.is_none_or(|live| !same(value, &text, live))),
            None => false,
        };
        match (git, drifted) {
            (true, true) => Reason::Both,
            (true, false) => Reason::GitChanged,
            (false, true) => Reason::Drifted,
            // Only the upstream's output or the stored parameter moved, or secrets were asked to be sent again.
            (false, false) => Reason::Differs,
        }
    }

    /// Whether git has taken the value from the parameter store so far, and takes it from elsewhere now.
    fn was_stored(&self, key: &str, wanted: &Wanted<'_>) -> bool {
        match self.was.map(|base| base.get(key)) {
            Was::Value(Some(base)) => {
                matches!(base.value, ParameterValue::Ssm(_)) && base.value != *wanted.value
            }
            Was::Value(None) | Was::Unknown | Was::Unmanaged => false,
        }
    }
}

/// Whether a stack's value means the same as one that is sent. CloudFormation trims blanks around values (peers C8 72); of
/// a list each item counts.
fn same(value: &ParameterValue, sent: &str, live: &str) -> bool {
    match value {
        ParameterValue::List(_) => {
            let items = |text| str::split(text, ',').map(str::trim);
            items(sent).eq(items(live))
        }
        ParameterValue::Literal(_) | ParameterValue::Output { .. } | ParameterValue::Ssm(_) => {
            sent.trim() == live.trim()
        }
    }
}
