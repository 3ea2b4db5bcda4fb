//! What is launched: product, version, path, parameters and tags, as one request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::draft::Draft;
use super::op::{Arg, ParameterArg, StepId};
use super::path::Holding;
use super::planner::Planner;
use super::product::ProductAfter;
use super::upstream::{Inputs, dependency};
use super::version::VersionAfter;
use super::{Blocked, BlockedCode};
use crate::diff::normalise::MASKED;
use crate::diff::parameter::{ParametersDiff, Send};
use crate::ids::{Digest, Key, Kind, ProductId, VersionId};
use crate::model::desired::{Guidance, ProvisionedProduct, Tags};
use crate::model::observed::{LiveProvisioned, ReadyStatus};

/// The product and version that a manifest names, as they will be.
pub(crate) struct Goal<'p, 'a> {
    pub(crate) product: &'p ProductAfter<'a>,
    pub(crate) version: &'p VersionAfter<'a>,
    pub(crate) product_arg: Arg<ProductId>,
}

impl<'a> Goal<'_, 'a> {
    /// The version as an argument; refused where several live ones have the name.
    pub(crate) fn version_arg(&self, name: &str) -> Result<Arg<VersionId>, Blocked> {
        match (self.version.ids.as_slice(), self.version.made) {
            ([id], _) => Ok(Arg::Value((*id).clone())),
            ([], Some(made)) => Ok(Arg::From(made)),
            ([], None) => Err(dependency(format!("version {name:?} is not there"))),
            (several, _) => Err(Blocked::new(
                BlockedCode::AmbiguousVersion,
                format!(
                    "{} versions of its product are called {name:?}",
                    several.len()
                ),
            )),
        }
    }

    /// Whether the version may be launched or updated to; waits where it is not ready yet.
    pub(crate) fn admit(&self, draft: &mut Draft, want: &ProvisionedProduct, fresh: bool) {
        let version = &self.version;
        let refused = match &version.status {
            ReadyStatus::Failed => Some("failed when it was made"),
            ReadyStatus::Creating | ReadyStatus::Unknown(_) => {
                return draft.waits(
                    None,
                    format!("version {:?} is still being made", want.version),
                );
            }
            ReadyStatus::Available if !version.active => Some("is inactive"),
            ReadyStatus::Available if fresh && version.guidance == Guidance::Deprecated => {
                Some("is deprecated, so it takes no new launches")
            }
            ReadyStatus::Available => None,
        };
        if let Some(refused) = refused {
            draft.blocked(
                BlockedCode::VersionState,
                format!(
                    "version {:?} of product/{} {refused}: name another in spec.version ({})",
                    want.version, want.product, want.origin
                ),
            );
        }
    }

    /// The steps after which product and version can be launched from a path.
    pub(crate) fn needs(&self, path: &Holding<'a>) -> BTreeSet<StepId> {
        let steps = self.version.needs.iter().chain(&path.needs).copied();
        steps.chain(self.product_arg.step()).collect()
    }
}

impl<'a> Planner<'a> {
    /// The product and version of a manifest; `None`, and said why in the draft, where they are not to be had.
    pub(crate) fn goal(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
    ) -> Option<Goal<'_, 'a>> {
        let name = &want.product;
        let mut refuse = |message| draft.refuse(dependency(message));
        let Some(product) = self.products.get(name) else {
            let why = self.undeclared(Kind::Product, name);
            refuse(format!(
                "it launches product/{name}, which {why} ({})",
                want.origin
            ));
            return None;
        };
        let product_arg = match product.place.arg() {
            Ok(arg) => arg,
            Err(why) => {
                refuse(format!("it launches product/{name}, which {why}"));
                return None;
            }
        };
        let Some(version) = product.versions.get(&want.version) else {
            if product.copied.contains(want.version.as_str()) {
                let key = Key::new(Kind::Product, name.clone());
                let message = format!("version {:?} of {key} is copied in this plan", want.version);
                draft.waits(Some(key), message);
                return None;
            }
            refuse(format!(
                "version {:?} of product/{name} is not there ({})",
                want.version, want.origin
            ));
            return None;
        };
        Some(Goal {
            product,
            version,
            product_arg,
        })
    }

    /// The version of a goal as an argument, and the path to it; `None`, and said why in the draft, where one of them is not
    /// to be had.
    pub(crate) fn version_and_path(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
        goal: &Goal<'_, 'a>,
    ) -> Option<(Arg<VersionId>, Holding<'a>)> {
        let version = goal.version_arg(&want.version);
        match (version, self.path(want, goal.product)) {
            (Ok(version), Ok(path)) => Some((version, path)),
            (version, path) => {
                for blocked in [version.err(), path.err()].into_iter().flatten() {
                    draft.refuse(blocked);
                }
                None
            }
        }
    }
}

/// The request in words, with nothing secret in it: what idempotency tokens of provisioned products are made from.
pub(crate) fn request_text(
    want: &ProvisionedProduct,
    content: Option<&Digest>,
    path: &Holding<'_>,
    parameters: &BTreeMap<String, ParameterArg>,
    sealed: &BTreeMap<&str, i64>,
    tags: Option<&Tags>,
) -> String {
    let mut text = format!(
        "product={}\nversion={}\npath={}\n",
        want.product,
        want.version,
        path.text()
    );
    // The name of a mutable version does not say which of its templates is meant.
    if let Some(content) = content {
        let _ = writeln!(text, "content={content}");
    }
    for (key, value) in parameters {
        let _ = match value {
            ParameterArg::Value(value) => writeln!(text, "parameter {key:?}={value:?}"),
            // Another version of a SecureString makes another request.
            ParameterArg::Secret(_) => match sealed.get(key.as_str()) {
                Some(version) => writeln!(text, "secret {key:?} version {version}"),
                None => writeln!(text, "secret {key:?}"),
            },
            ParameterArg::Previous => writeln!(text, "previous {key:?}"),
        };
    }
    for (key, value) in tags.into_iter().flatten() {
        let _ = writeln!(text, "tag {key:?}={value:?}");
    }
    for topic in want
        .notification_arns
        .iter()
        .flat_map(|topics| &topics.arns)
    {
        let _ = writeln!(text, "topic {topic:?}");
    }
    if let Some(set) = &want.stack_set {
        for (field, value) in set.preferences.fields() {
            let _ = writeln!(text, "stackSet {field}={value:?}");
        }
    }
    text
}

/// Parameters as a call takes them.
pub(crate) fn arguments(diff: &ParametersDiff) -> BTreeMap<String, ParameterArg> {
    let argument = |send: &Send| match send {
        Send::Value(value) => ParameterArg::Value(value.clone()),
        Send::Secret(value) => ParameterArg::Secret(value.clone()),
        Send::Previous => ParameterArg::Previous,
    };
    let sent = diff.send.iter();
    sent.map(|(key, send)| (key.clone(), argument(send)))
        .collect()
}

/// Says which parameters the target version does not have.
pub(crate) fn note_parameters(draft: &mut Draft, want: &ProvisionedProduct, diff: &ParametersDiff) {
    for key in &diff.dropped {
        draft.note(format!(
            "parameter {key} goes: version {:?} does not have it",
            want.version
        ));
    }
    for key in &diff.foreign {
        draft.note(format!(
            "parameter {key} is not sent: version {:?} does not have it ({})",
            want.version, want.origin
        ));
    }
}

/// Refuses a secret that the stack would show to everybody who may describe it (promise 8): a parameter of which the template
/// does not say NoEcho. Where nothing is known of the template's parameters yet, what a live stack shows tells, and what
/// is launched of a version that this plan makes waits until it can be asked.
pub(crate) fn refuse_shown_secrets(
    draft: &mut Draft,
    want: &ProvisionedProduct,
    inputs: &Inputs<'_>,
    goal: &Goal<'_, '_>,
    live: Option<&LiveProvisioned>,
) {
    let wanted = inputs.wanted.iter().flatten();
    for (key, _) in wanted.filter(|(_, wanted)| wanted.secret) {
        let origin = want.parameters.as_ref().and_then(|all| all.get(key));
        let origin = origin.map_or(&want.origin, |parameter| &parameter.origin);
        let stack = live.and_then(|live| live.stack.as_ref());
        let shown = stack.and_then(|stack| stack.parameters.get(key));
        let shown = shown.filter(|value| *value != MASKED);
        let shows = match goal.version.parameters {
            Some(declared) => declared.iter().any(|d| d.key == *key && !d.no_echo),
            None => shown.is_some(),
        };
        if shows {
            draft.blocked(
                BlockedCode::NoEcho,
                format!(
                    "parameter {key} takes a SecureString, and version {:?} does not say NoEcho of it: its stack would show the value to everybody who may describe it; give the parameter `NoEcho: true` in the template of a new version ({origin})",
                    want.version
                ),
            );
        } else if goal.version.parameters.is_none() && goal.version.made.is_some() {
            draft.waits(
                None,
                format!(
                    "parameter {key} takes a SecureString, and whether version {:?} says NoEcho of it can be read once the version is there",
                    want.version
                ),
            );
        }
    }
}
