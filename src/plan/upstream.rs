//! What provisioned products need of each other: outputs, and to be converged first.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::guard::unread;
use super::planner::Planner;
use super::{Action, Blocked, BlockedCode, ObjectPlan, Waiting};
use crate::diff::parameter::Wanted;
use crate::ids::{Key, Kind, Name};
use crate::model::desired::{Desired, Origin, ParameterValue, ProvisionedProduct};
use crate::model::launch::SsmParameter;
use crate::model::observed::{LiveProvisioned, ProvisionedStatus};

/// How a provisioned product stands in this plan, for those that need it.
#[derive(Debug, Clone)]
pub(crate) enum Settled<'a> {
    /// As git wants it.
    Converged(&'a LiveProvisioned),
    /// As git wants it, but its last change failed: its outputs hold, and it will not get better by itself.
    Degraded(&'a LiveProvisioned, String),
    /// It changes in this plan or a following one; said of it, as in the next two: `changes in this plan`.
    Moving(String),
    /// It can't change until a person acts.
    Stuck(String),
}

impl<'a> Settled<'a> {
    /// Of a finished draft.
    pub(crate) fn of(object: &ObjectPlan, live: Option<&'a LiveProvisioned>) -> Self {
        if !object.waiting.is_empty() {
            return Self::Moving("waits itself".to_owned());
        }
        if object.action != Action::None {
            return Self::Moving(
                match object.action {
                    Action::Create | Action::Import => "is made in this plan",
                    _ => "changes in this plan",
                }
                .to_owned(),
            );
        }
        let is_hard = object.stalled.is_some() || object.blocked.iter().any(|b| !is_soft(b.code));
        match (live, is_hard) {
            (Some(live), false) => match &live.status {
                ProvisionedStatus::Available => Self::Converged(live),
                status => Self::Degraded(live, format!("is {}", word(status))),
            },
            _ => Self::Stuck(object.stuck().unwrap_or_else(|| "is not there".to_owned())),
        }
    }
}

/// What a provisioned product gets from others.
#[derive(Debug, Default)]
pub(crate) struct Inputs<'a> {
    /// The parameters whose values are known.
    pub(crate) wanted: Option<BTreeMap<String, Wanted<'a>>>,
    /// An output that is not known yet, or may change: nothing can be decided before.
    pub(crate) outputs: Vec<Waiting>,
    /// Objects that must be converged before anything is changed.
    pub(crate) waiting: Vec<Waiting>,
    /// What keeps it from being changed at all.
    pub(crate) refused: Vec<Blocked>,
    /// Parameters whose value is stored elsewhere and could not be had: nothing can be told of them.
    pub(crate) lacking: Vec<Blocked>,
    /// The versions of the SecureStrings, by parameter: what may be said of them.
    pub(crate) sealed: BTreeMap<&'a str, i64>,
}

impl Inputs<'_> {
    /// Puts what keeps a change back into a draft. Returns whether it may go on.
    pub(crate) fn admit(&self, draft: &mut Draft) -> bool {
        for waiting in self.outputs.iter().chain(&self.waiting) {
            draft.waits(waiting.on.clone(), waiting.message.clone());
        }
        for blocked in self.lacking.iter().chain(&self.refused) {
            draft.refuse(blocked.clone());
        }
        draft.is_free()
    }
}

impl<'a> Planner<'a> {
    /// Looks at everything upstream of a provisioned product.
    pub(crate) fn inputs(&self, want: &'a ProvisionedProduct) -> Inputs<'a> {
        let mut inputs = Inputs::default();
        for name in &want.depends_on {
            let key = Key::new(Kind::ProvisionedProduct, name.clone());
            match self.settled(name) {
                Settled::Converged(_) => {}
                Settled::Moving(why) => inputs.waiting.push(Waiting {
                    on: Some(key),
                    message: format!("it depends on provisioned-product/{name}, which {why}"),
                }),
                Settled::Degraded(_, why) | Settled::Stuck(why) => {
                    inputs.refused.push(dependency(format!(
                        "it depends on {key}, which {why} ({})",
                        want.origin
                    )));
                }
            }
        }
        let Some(parameters) = &want.parameters else {
            return inputs;
        };
        let mut wanted = BTreeMap::new();
        for (name, parameter) in parameters {
            let text = match &parameter.value {
                ParameterValue::Literal(_) | ParameterValue::List(_) => parameter
                    .value
                    .written()
                    .map(|text| (text.into_owned(), false)),
                ParameterValue::Ssm(stored) => match self.stored(name, stored, &parameter.origin) {
                    Ok(found) => {
                        if found.secret {
                            inputs.sealed.insert(name, found.version);
                        }
                        Some((found.value.clone(), found.secret))
                    }
                    Err(blocked) => {
                        inputs.lacking.push(blocked);
                        None
                    }
                },
                ParameterValue::Output {
                    provisioned_product,
                    key,
                } => self
                    .output(&mut inputs, name, provisioned_product, key)
                    .map_err(|message| {
                        let message = format!("{message} ({})", parameter.origin);
                        inputs.refused.push(dependency(message));
                    })
                    .unwrap_or(None)
                    .map(|text| {
                        // A template may hand a SecureString on as an output.
                        let secret = self.secrets.told_by(&text);
                        (text, secret)
                    }),
            };
            if let Some((text, secret)) = text {
                let value = &parameter.value;
                let value = Wanted {
                    value,
                    text,
                    secret,
                };
                wanted.insert(name.clone(), value);
            }
        }
        inputs.wanted = Some(wanted);
        inputs
    }

    /// A parameter of the parameter store, or why there is none to be had.
    fn stored(
        &self,
        parameter: &str,
        name: &str,
        at: &Origin,
    ) -> Result<&'a SsmParameter, Blocked> {
        if let Some(found) = self.input.observed.ssm.get(name) {
            return Ok(found);
        }
        let needs = format!("parameter {parameter} takes its value from ssm {name}");
        Err(match self.doubt.stored(name) {
            Some(gap) if gap.denied => Blocked::new(
                BlockedCode::Gap,
                format!(
                    "{needs}, which may not be read ({}): allow ssm:GetParameters, and kms:Decrypt with its key where it is a SecureString ({at})",
                    gap.reason
                ),
            ),
            Some(gap) => unread(gap, &format!("{needs} ({at})")),
            None => Blocked::new(
                BlockedCode::SsmParameter,
                format!("{needs}, which is not there: make it, or name another ({at})"),
            ),
        })
    }

    /// An output as it is now, where it will stay so.
    fn output(
        &self,
        inputs: &mut Inputs<'a>,
        parameter: &str,
        of: &Name,
        output: &str,
    ) -> Result<Option<String>, String> {
        let key = Key::new(Kind::ProvisionedProduct, of.clone());
        let needs = format!("parameter {parameter} needs output {output} of {key}");
        let live = match self.settled(of) {
            Settled::Converged(live) => live,
            Settled::Degraded(live, why) => {
                inputs
                    .refused
                    .push(dependency(format!("{needs}, which {why}")));
                live
            }
            Settled::Moving(why) => {
                inputs.outputs.push(Waiting {
                    on: Some(key),
                    message: format!("{needs}, which {why}"),
                });
                return Ok(None);
            }
            Settled::Stuck(why) if self.leaves_out(&key) => {
                // Nothing can be told of the parameter, and silence would look as if it did not differ.
                inputs
                    .lacking
                    .push(dependency(format!("{needs}, which {why}")));
                return Ok(None);
            }
            Settled::Stuck(why) => return Err(format!("{needs}, which {why}")),
        };
        if let Some(stack) = &live.stack {
            let known = || stack.outputs.keys().map(String::as_str).collect::<Vec<_>>();
            return match stack.outputs.get(output) {
                Some(value) => Ok(Some(value.clone())),
                None => Err(format!(
                    "{needs}, which has none of that name: it has {}",
                    known().join(", ")
                )),
            };
        }
        if let Some(gap) = self.doubt.provisioned(&live.id) {
            inputs.refused.push(unread(gap, &needs));
            return Ok(None);
        }
        inputs.outputs.push(Waiting {
            on: Some(key),
            message: format!("{needs}: its stack is not to be seen yet"),
        });
        Ok(None)
    }

    fn settled(&self, name: &Name) -> Settled<'a> {
        if let Some(settled) = self.provisioned.get(name) {
            return settled.clone();
        }
        Settled::Stuck(match self.input.desired.provisioned.contains_key(name) {
            // The order leaves only the members of a cycle to be looked at too early.
            true => "needs this one in turn".to_owned(),
            false => self.undeclared(Kind::ProvisionedProduct, name).to_owned(),
        })
    }
}

/// Whether a refusal holds nothing else back: tags, topics and a name that may not change have no bearing on outputs.
pub(crate) fn is_soft(code: BlockedCode) -> bool {
    matches!(
        code,
        BlockedCode::TagUpdate | BlockedCode::ImmutableName | BlockedCode::NotificationArns
    )
}

/// A provisioned product's status as the service says it.
pub fn word(status: &ProvisionedStatus) -> &str {
    match status {
        ProvisionedStatus::Available => "AVAILABLE",
        ProvisionedStatus::UnderChange => "UNDER_CHANGE",
        ProvisionedStatus::Tainted => "TAINTED",
        ProvisionedStatus::Error => "ERROR",
        ProvisionedStatus::PlanInProgress => "PLAN_IN_PROGRESS",
        ProvisionedStatus::Unknown(word) => word,
    }
}

pub(crate) fn dependency(message: String) -> Blocked {
    Blocked::new(BlockedCode::Dependency, message)
}

/// Provisioned products, each after those it needs; by name where that leaves a choice. Those of a cycle come last.
pub(crate) fn order(desired: &Desired) -> Vec<&ProvisionedProduct> {
    let mut ordered = Vec::new();
    let mut done: BTreeSet<&Name> = BTreeSet::new();
    let mut left: BTreeMap<&Name, &ProvisionedProduct> = desired.provisioned.iter().collect();
    while !left.is_empty() {
        let ready: Vec<&Name> = left
            .iter()
            .filter(|(_, o)| {
                let mut needs = o.upstream().into_iter();
                needs.all(|up| done.contains(up) || !desired.provisioned.contains_key(up))
            })
            .map(|(name, _)| *name)
            .collect();
        if ready.is_empty() {
            ordered.extend(left.into_values());
            break;
        }
        for name in ready {
            done.insert(name);
            ordered.extend(left.remove(name));
        }
    }
    ordered
}
