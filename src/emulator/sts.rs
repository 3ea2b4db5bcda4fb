//! STS: who am I, and let me be another.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::api::{ApiError, Caller, Ctx};
use super::form::{self, Form, Xml};
use super::ids;
use super::ops::unsupported;
use crate::clock::Entropy;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Seconds a session lasts unless the caller says otherwise.
const DEFAULT_DURATION: i64 = 3600;
/// The shortest and longest session, in seconds.
const DURATIONS: std::ops::RangeInclusive<i64> = 900..=43_200;
/// How many sessions there are; beyond that those go that end first. Their keys are strangers' then.
const MAX_SESSIONS: usize = 10_000;
/// Base 32 without what looks alike, as ids of IAM have it.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Actions that STS has (its model) and the emulator has not.
const ELSEWHERE: [&str; 10] = [
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetDelegatedAccessToken",
    "GetFederationToken",
    "GetScopedCredentials",
    "GetSessionToken",
    "GetWebIdentityToken",
];

/// The access keys that AssumeRole handed out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sessions(BTreeMap<String, Session>);

/// A role that somebody is for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Whom its keys stand for.
    pub caller: Caller,
    /// When they stop to.
    pub expires: Timestamp,
}

impl Sessions {
    /// What an access key id stands for, if AssumeRole handed it out.
    pub fn get(&self, access_key_id: &str) -> Option<&Session> {
        self.0.get(access_key_id)
    }

    /// Answers one Query request. Any role may be assumed: trust policies are IAM's, which is not here.
    pub fn handle(&mut self, ctx: &mut Ctx<'_>, body: &[u8]) -> http::Response<Bytes> {
        let form = Form::parse(body);
        let action = form.get("Action").unwrap_or_default().to_owned();
        let result = match action.as_str() {
            "GetCallerIdentity" => Ok(identity(&ctx.caller)),
            "AssumeRole" => self.assume(ctx, &form),
            known if ELSEWHERE.contains(&known) => Err(unsupported(known)),
            _ => Err(ApiError::new(
                "InvalidAction",
                format!("Could not find operation {action} for version 2011-06-15"),
            )),
        };
        let id = form::new_id(ctx.entropy);
        match result {
            Ok(result) => form::answer(NAMESPACE, &action, Some(result), &id),
            Err(error) => form::refusal(NAMESPACE, &error, &id),
        }
    }

    /// Drops a tenth of the sessions, those that end first, if there are too many.
    fn forget(&mut self) {
        if self.0.len() <= MAX_SESSIONS {
            return;
        }
        let mut ends: Vec<Timestamp> = self.0.values().map(|session| session.expires).collect();
        ends.sort_unstable();
        if let Some(last) = ends.get(MAX_SESSIONS / 10 - 1).copied() {
            let mut left = MAX_SESSIONS / 10;
            self.0.retain(|_, session| {
                let goes = session.expires <= last && left > 0;
                left -= usize::from(goes);
                !goes
            });
        }
    }

    fn assume(&mut self, ctx: &mut Ctx<'_>, form: &Form) -> Result<Xml, ApiError> {
        let role_arn = form.get("RoleArn").unwrap_or_default();
        let session = form.get("RoleSessionName").unwrap_or_default();
        let (partition, account, name) =
            role(role_arn).ok_or_else(|| invalid(format!("{role_arn} is invalid")))?;
        let valid = (2..=64).contains(&session.len())
            && session
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
        if !valid {
            return Err(invalid(format!(
                "1 validation error detected: Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
            )));
        }
        let seconds = match form.get("DurationSeconds") {
            None => DEFAULT_DURATION,
            Some(text) => text
                .parse()
                .ok()
                .filter(|seconds| DURATIONS.contains(seconds))
                .ok_or_else(|| {
                    invalid(format!(
                        "1 validation error detected: Value '{text}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200"
                    ))
                })?,
        };
        let expires = ctx
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX);
        let key = format!("ASIA{}", letters(ctx.entropy, 16));
        let role_id = format!("AROA{}", letters(ctx.entropy, 17));
        // A session's ARN has the role's name without its path.
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
        self.0.insert(
            key.clone(),
            Session {
                caller: Caller {
                    account: account.to_owned(),
                    arn: arn.clone(),
                    principal: role_arn.to_owned(),
                },
                expires,
            },
        );
        self.forget();
        let mut xml = Xml::default();
        xml.element("AssumedRoleUser", |xml| {
            xml.text("AssumedRoleId", &format!("{role_id}:{session}"));
            xml.text("Arn", &arn);
        });
        xml.element("Credentials", |xml| {
            xml.text("AccessKeyId", &key);
            xml.text("SecretAccessKey", &letters(ctx.entropy, 40));
            xml.text("SessionToken", &letters(ctx.entropy, 200));
            xml.text("Expiration", &format!("{expires:.0}"));
        });
        Ok(xml)
    }
}

fn identity(caller: &Caller) -> Xml {
    let mut xml = Xml::default();
    xml.text("Arn", &caller.arn);
    xml.text("UserId", &user_id(caller));
    xml.text("Account", &caller.account);
    xml
}

/// Derived from the ARN: one caller has one id. A session's has its name after a colon.
fn user_id(caller: &Caller) -> String {
    use sha2::{Digest, Sha256};

    let id: String = Sha256::digest(caller.principal.as_bytes())
        .iter()
        .take(17)
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect();
    match caller.arn.split_once(":assumed-role/") {
        Some((_, rest)) => {
            let session = rest.rsplit('/').next().unwrap_or_default();
            format!("AROA{id}:{session}")
        }
        None if caller.arn.ends_with(":root") => caller.account.clone(),
        None => format!("AIDA{id}"),
    }
}

/// Partition, account and name of a role's ARN.
fn role(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (first, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (first == "arn" && service == "iam" && region.is_empty() && digits && !name.is_empty())
        .then_some((partition, account, name))
}

fn letters(entropy: &mut Entropy, length: usize) -> String {
    ids::letters(ALPHABET, entropy, length)
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::api::Timing;
    use super::super::ids::Pins;
    use super::*;

    fn ask(sessions: &mut Sessions, caller: Caller, body: &str) -> (u16, String) {
        let mut ctx = Ctx {
            caller,
            region: "us-east-1".to_owned(),
            now: Timestamp::UNIX_EPOCH,
            entropy: &mut Entropy::seeded(5),
            pins: &mut Pins::default(),
            timing: Timing {
                stack_start: Duration::ZERO,
                per_resource: Duration::ZERO,
                record_end: Duration::ZERO,
                creating: Duration::ZERO,
                copying: Duration::ZERO,
                sharing: Duration::ZERO,
            },
        };
        let response = sessions.handle(&mut ctx, body.as_bytes());
        (
            response.status().as_u16(),
            String::from_utf8(response.body().to_vec()).unwrap(),
        )
    }

    fn part<'a>(text: &'a str, tag: &str) -> &'a str {
        let rest = text.split(&format!("<{tag}>")).nth(1).unwrap();
        rest.split("</").next().unwrap()
    }

    #[test]
    fn the_sessions_that_end_first_are_forgotten() {
        let user = Caller {
            account: "111111111111".to_owned(),
            arn: "arn:aws:iam::111111111111:user/me".to_owned(),
            principal: "arn:aws:iam::111111111111:user/me".to_owned(),
        };
        let role = "arn:aws:iam::222222222222:role/catalogd";
        let mut sessions = Sessions::default();
        let mut keys = Vec::new();
        for number in 0..=MAX_SESSIONS {
            let seconds = if number == 7 { 900 } else { 3600 };
            let body = format!(
                "Action=AssumeRole&RoleArn={role}&RoleSessionName=ss&DurationSeconds={seconds}"
            );
            let session = Session {
                caller: user.clone(),
                expires: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds),
            };
            // The last one comes in as a call does.
            if number == MAX_SESSIONS {
                let (status, text) = ask(&mut sessions, user.clone(), &body);
                assert_eq!(status, 200);
                keys.push(part(&text, "AccessKeyId").to_owned());
            } else {
                keys.push(format!("{number:08}"));
                sessions.0.insert(format!("{number:08}"), session);
            }
        }
        assert_eq!(sessions.0.len(), MAX_SESSIONS + 1 - MAX_SESSIONS / 10);
        assert!(sessions.get(&keys[7]).is_none());
        assert!(sessions.get(&keys[MAX_SESSIONS]).is_some());
    }

    #[test]
    fn a_role_that_is_assumed_is_who_calls() {
        let user = Caller {
            account: "111111111111".to_owned(),
            arn: "arn:aws:iam::111111111111:user/me".to_owned(),
            principal: "arn:aws:iam::111111111111:user/me".to_owned(),
        };
        let mut sessions = Sessions::default();
        let (_, text) = ask(&mut sessions, user.clone(), "Action=GetCallerIdentity");
        assert_eq!(part(&text, "Account"), "111111111111");
        let role = "arn:aws:iam::222222222222:role/path/catalogd";
        let (status, text) = ask(
            &mut sessions,
            user.clone(),
            &format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s-1"),
        );
        assert_eq!(status, 200, "{text}");
        assert_eq!(part(&text, "Expiration"), "1970-01-01T01:00:00Z");
        let session = sessions.get(part(&text, "AccessKeyId")).unwrap();
        let caller = session.caller.clone();
        assert_eq!(
            caller,
            Caller {
                account: "222222222222".to_owned(),
                arn: "arn:aws:sts::222222222222:assumed-role/catalogd/s-1".to_owned(),
                principal: role.to_owned(),
            }
        );
        let (_, text) = ask(&mut sessions, caller, "Action=GetCallerIdentity");
        assert!(part(&text, "UserId").ends_with(":s-1"));
        let (status, text) = ask(&mut sessions, user.clone(), "Action=GetSessionToken");
        assert_eq!((status, part(&text, "Code")), (501, "NotImplemented"));
        for bad in [
            "RoleArn=arn:aws:iam::1:role/x&RoleSessionName=ok",
            "RoleArn=arn:aws:iam::222222222222:user/x&RoleSessionName=ok",
            "RoleArn=arn:aws:iam::222222222222:role/x&RoleSessionName=not%20ok",
            "RoleArn=arn:aws:iam::222222222222:role/x&RoleSessionName=ok&DurationSeconds=1",
        ] {
            let (status, text) = ask(
                &mut sessions,
                user.clone(),
                &format!("Action=AssumeRole&{bad}"),
            );
            assert_eq!(
                (status, part(&text, "Code")),
                (400, "ValidationError"),
                "{bad}"
            );
        }
    }
}
