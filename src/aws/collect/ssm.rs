//! Parameters of the Systems Manager's parameter store that manifests take values from: ten a call.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::error::{Class, Failure};
use crate::aws::pace::Access;
use crate::model::launch::SsmParameter;
use crate::model::observed::Scope;

/// `GetParameters` takes so many names.
const NAMES_A_CALL: usize = 10;

const OPERATION: &str = "GetParameters";

/// A name as a manifest gives it, and the parameter, where it is there.
type Stored = (String, SsmParameter);

impl Aws {
    /// Reads what manifests name. What is neither found nor a gap is not there.
    pub(super) async fn stored(&self, hints: &Hints) -> Found<Stored> {
        let calls = batches(&hints.asked.ssm);
        let mut found = Found::default();
        for part in gather(calls.into_iter().map(|names| self.stored_batch(names))).await {
            found.add(part);
        }
        found
    }

    /// A call's worth. Where it is refused each is asked for by itself, so that one that may not be read hides no other.
    async fn stored_batch(&self, names: Vec<String>) -> Found<Stored> {
        let mut found = Found::default();
        match self.stored_call(&names).await {
            Ok(stored) => found.items.extend(stored),
            // One name may be refused; that the store is silent or busy is no name's fault.
            Err(failure)
                if names.len() == 1
                    || matches!(failure.class, Class::Throttled | Class::Transient) =>
            {
                for name in names {
                    found.gap(Scope::Ssm(name), &failure);
                }
            }
            Err(_) => {
                for name in names {
                    match self.stored_call(std::slice::from_ref(&name)).await {
                        Ok(stored) => found.items.extend(stored),
                        Err(failure) => found.gap(Scope::Ssm(name), &failure),
                    }
                }
            }
        }
        found
    }

    async fn stored_call(&self, names: &[String]) -> Result<Vec<Stored>, Failure> {
        let request = self
            .ssm()
            .get_parameters()
            .set_names(Some(names.to_vec()))
            .with_decryption(true);
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        let mut stored = Vec::new();
        for parameter in answer.parameters() {
            let name = parameter.name().unwrap_or_default();
            let asked = format!("{name}{}", parameter.selector().unwrap_or_default());
            let (Some(value), true) = (parameter.value(), names.contains(&asked)) else {
                let message = "the answer has something that was not asked for";
                return Err(Failure::internal(OPERATION, message));
            };
            let found = SsmParameter {
                value: value.to_owned(),
                // Whatever is not known to be in clear is kept in.
                secret: !matches!(
                    parameter.r#type().map(|kind| kind.as_str()),
                    Some("String" | "StringList")
                ),
                version: parameter.version(),
            };
            stored.push((asked, found));
        }
        // One that is in neither list was not answered for: that is no absence.
        let told = |name: &String| {
            let invalid = answer.invalid_parameters();
            invalid.contains(name) || stored.iter().any(|(other, _)| other == name)
        };
        if !names.iter().all(told) {
            let message = "the answer leaves out what was asked for";
            return Err(Failure::internal(OPERATION, message));
        }
        Ok(stored)
    }
}

/// Names by calls; one parameter is asked for once a call, for the service takes no name twice, whatever the version.
fn batches(names: &BTreeSet<String>) -> Vec<Vec<String>> {
    let mut calls: Vec<BTreeMap<&str, &String>> = Vec::new();
    for name in names {
        let bare = name.split_once(':').map_or(name.as_str(), |(bare, _)| bare);
        let open = calls
            .iter_mut()
            .find(|call| call.len() < NAMES_A_CALL && !call.contains_key(bare));
        match open {
            Some(call) => {
                call.insert(bare, name);
            }
            None => calls.push([(bare, name)].into()),
        }
    }
    let calls = calls.into_iter();
    calls
        .map(|call| call.into_values().cloned().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_names_a_call_and_none_of_them_twice() {
        let names: BTreeSet<String> = (0..25).map(|n| format!("/p/{n}")).collect();
        let sizes: Vec<usize> = batches(&names).iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 10, 5]);
        let twice = ["/p", "/p:1", "/p:2", "/q"].map(str::to_owned).into();
        let calls = batches(&twice);
        assert_eq!(calls, [vec!["/p", "/q"], vec!["/p:1"], vec!["/p:2"]]);
        assert!(batches(&BTreeSet::new()).is_empty());
    }
}
