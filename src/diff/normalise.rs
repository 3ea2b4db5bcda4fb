//! Both sides in one form, so that what means the same is no difference.

use crate::model::desired::{Launch, TagUpdates};
use crate::model::observed::LivePrincipal;

/// `LAUNCH`: the role that launches.
pub const LAUNCH: &str = "LAUNCH";
/// `RESOURCE_UPDATE`: whether tags of provisioned products may change.
pub const RESOURCE_UPDATE: &str = "RESOURCE_UPDATE";
/// How CloudFormation shows a NoEcho parameter.
pub const MASKED: &str = "****";

/// Whether two constraint parameters mean the same: JSON is compared by value, anything else by its bytes.
pub fn same_json(one: &str, other: &str) -> bool {
    let parse = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || parse(one).is_some_and(|value| Some(value) == parse(other))
}

/// The parameters of a LAUNCH constraint (facts §9.6).
pub fn launch_parameters(launch: &Launch) -> String {
    match launch {
        Launch::RoleArn(arn) => serde_json::json!({ "RoleArn": arn }).to_string(),
        Launch::LocalRoleName(name) => serde_json::json!({ "LocalRoleName": name }).to_string(),
    }
}

/// The parameters of a RESOURCE_UPDATE constraint; the key is singular although the prose says otherwise (facts §9.6).
pub fn tag_update_parameters(allowed: TagUpdates) -> String {
    let word = match allowed {
        TagUpdates::Allowed => "ALLOWED",
        TagUpdates::NotAllowed => "NOT_ALLOWED",
    };
    serde_json::json!({ "Version": "2.0", "Properties": { "TagUpdateOnProvisionedProduct": word } })
        .to_string()
}

/// Whether RESOURCE_UPDATE parameters allow tags to change.
pub fn allows_tag_updates(parameters: &str) -> bool {
    same_json(parameters, &tag_update_parameters(TagUpdates::Allowed))
}

/// Constraint parameters for people: what a manifest would say where it can say it, else the JSON.
pub fn constraint_text(kind: &str, parameters: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(parameters).ok();
    let at = |pointer: &str| {
        let found = value.as_ref().and_then(|value| value.pointer(pointer));
        found.and_then(serde_json::Value::as_str)
    };
    let short = match kind {
        LAUNCH => at("/RoleArn")
            .map(|arn| format!("roleArn {arn}"))
            .or_else(|| at("/LocalRoleName").map(|name| format!("localRoleName {name}"))),
        RESOURCE_UPDATE => match at("/Properties/TagUpdateOnProvisionedProduct") {
            Some("ALLOWED") => Some("allowed".to_owned()),
            Some("NOT_ALLOWED") => Some("notAllowed".to_owned()),
            _ => None,
        },
        _ => None,
    };
    short.unwrap_or_else(|| parameters.to_owned())
}

/// An IAM principal reduced to what its launch paths depend on: account, sort and name. An assumed role's session
/// does not show the role's path, so paths are left out (design §5).
fn reduced(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (_, _, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    if service != "iam" {
        return None;
    }
    let (sort, name) = resource.split_once('/')?;
    Some((account, sort, name.rsplit('/').next().unwrap_or(name)))
}

/// Whether two ARNs name one principal, whatever path they show.
pub fn same_principal(one: &str, other: &str) -> bool {
    one == other || reduced(one).is_some_and(|one| Some(one) == reduced(other))
}

/// Whether a portfolio's principal lets the caller launch.
pub fn admits(principal: &LivePrincipal, caller: &str) -> bool {
    if !principal.pattern {
        return same_principal(&principal.arn, caller);
    }
    let (Some(pattern), Some((_, sort, name))) = (reduced(&principal.arn), reduced(caller)) else {
        return false;
    };
    pattern.1 == sort && wildcard(pattern.2.as_bytes(), name.as_bytes())
}

/// Whether a text matches a pattern of `*` and `?`. Linear in the product of their lengths at worst.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_compared_by_value() {
        assert!(same_json(r#"{"a":1, "b":2}"#, r#"{"b":2,"a":1}"#));
        assert!(!same_json(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same_json("not json", "nor this"));
        assert!(same_json("not json", "not json"));
    }

    #[test]
    fn constraints_read_like_manifests() {
        let launch = launch_parameters(&Launch::LocalRoleName("R".to_owned()));
        assert_eq!(constraint_text(LAUNCH, &launch), "localRoleName R");
        let tags = tag_update_parameters(TagUpdates::Allowed);
        assert_eq!(constraint_text(RESOURCE_UPDATE, &tags), "allowed");
        assert!(allows_tag_updates(&tags));
        assert!(!allows_tag_updates(&tag_update_parameters(
            TagUpdates::NotAllowed
        )));
        assert_eq!(constraint_text("TEMPLATE", "{}"), "{}");
    }

    #[test]
    fn a_principal_admits_the_caller() {
        let caller = "arn:aws:iam::123456789012:role/Deploy";
        let admits = |arn: &str, pattern| {
            let arn = arn.to_owned();
            admits(&LivePrincipal { arn, pattern }, caller)
        };
        assert!(admits(caller, false));
        assert!(admits("arn:aws:iam::123456789012:role/ci/Deploy", false));
        assert!(!admits("arn:aws:iam::210987654321:role/Deploy", false));
        assert!(!admits("arn:aws:iam::123456789012:user/Deploy", false));
        assert!(admits("arn:aws:iam:::role/Dep*", true));
        assert!(admits("arn:aws:iam:::role/*/D?ploy", true));
        assert!(!admits("arn:aws:iam:::role/Dev*", true));
        assert!(!admits("arn:aws:iam:::role/Dep*", false));
    }
}
