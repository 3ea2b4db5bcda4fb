//! Texts that are secret by their shape, and how they are taken out of whatever is shown (promise 8).
//!
//! What a template or the parameter store declares secret is never a text of the model. This is for the rest: a token
//! that somebody put into a description, a password in a URL. One table, so that what is masked anywhere is masked
//! everywhere: in plans before they leave the core, in findings and the lines beside them, in errors and in logs.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// What stands in a secret's place.
pub const MASK: &str = "(secret)";

/// A shape of secrets. Where the pattern has groups, only they are secret.
struct Shape {
    /// What is found, for whoever reads the table.
    #[cfg_attr(not(test), expect(dead_code, reason = "the table is read by people"))]
    what: &'static str,
    pattern: &'static str,
}

/// The table. Each shape has its source: the format as whoever issues it publishes it.
const SHAPES: &[Shape] = &[
    // RFC 3986 §3.2.1. `git@` is a login name that everybody has.
    Shape {
        what: "user information of a URL",
        pattern: r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#"'<>]+)@"#,
    },
    // AWS: "Authenticating requests: using query parameters" (SigV4) and the older form (Signature); Azure: SAS (sig);
    // GitLab (private_token) and OAuth 2 (RFC 6750 §2.3, access_token).
    Shape {
        what: "signature or token in a URL's query",
        pattern: r#"(?i)(?:[?&]|&amp;|%26|\?)(?:X-Amz-Signature|X-Amz-Security-Token|X-Amz-Credential|AWSAccessKeyId|Signature|sig|access_token|private_token)=([^&\s"'<>#]+)"#,
    },
    // AWS IAM: "Identifiers": AKIA is an access key's, ASIA a temporary one's; the secret has 40 characters of base64.
    Shape {
        what: "AWS access key id, and the secret behind it",
        pattern: r#"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b(?:[\s"',:;=|]{1,8}(?:(?i:aws_)?(?i:secret[_-]?(?:access[_-]?)?key)["']?\s*[:=]\s*["']?)?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$))?"#,
    },
    Shape {
        what: "AWS secret access key by its name",
        pattern: r#"(?i)secret[_-]?(?:access[_-]?)?key["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    },
    Shape {
        what: "AWS session token by its name",
        pattern: r#"(?i)session[_-]?token["']?\s*[:=]\s*["']?([A-Za-z0-9/+=]{100,})"#,
    },
    // GitHub: "About authentication to GitHub", token formats.
    Shape {
        what: "GitHub token",
        pattern: r"\b(?:gh[pousr]_[A-Za-z0-9]{30,251}|github_pat_[A-Za-z0-9_]{22,251})",
    },
    // GitLab: "Security: tokens overview", token prefixes.
    Shape {
        what: "GitLab token",
        pattern: r"\bgl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[A-Za-z0-9_.-]{20,}",
    },
    // Slack: "Token types", and "Sending messages using incoming webhooks".
    Shape {
        what: "Slack token",
        pattern: r"\bx(?:ox[abeoprs]|app)-[A-Za-z0-9-]{10,}",
    },
    Shape {
        what: "Slack webhook",
        pattern: r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/-]{20,})",
    },
    // RFC 7468 §10 and §11, OpenSSH's and PGP's armour.
    Shape {
        what: "private key",
        pattern: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
    },
    // RFC 7519 §3: a header and a claims set in base64url, both of which begin with `{"`.
    Shape {
        what: "JSON web token",
        pattern: r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    },
    // RFC 9110 §11.6.2.
    Shape {
        what: "credentials of a request",
        pattern: r#"(?i)\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{8,})"#,
    },
    // npm: "About access tokens"; Google Cloud: "Manage API keys"; Stripe: "API keys".
    Shape {
        what: "npm token",
        pattern: r"\bnpm_[A-Za-z0-9]{36}\b",
    },
    Shape {
        what: "Google API key",
        pattern: r"\bAIza[A-Za-z0-9_-]{35}\b",
    },
    Shape {
        what: "Stripe key",
        pattern: r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}\b",
    },
];

/// Login names that are no secret: everybody's at the large git hosts.
const NO_SECRET: &[&str] = &["git", MASK, "***"];

struct Table {
    set: RegexSet,
    each: Vec<Regex>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let patterns = SHAPES.iter().map(|shape| shape.pattern);
    Table {
        // That each of them compiles is tested: a table that does not is empty, and its test says so.
        set: RegexSet::new(patterns.clone()).unwrap_or_else(|_| RegexSet::empty()),
        each: patterns.filter_map(|p| Regex::new(p).ok()).collect(),
    }
});

/// Where secrets stand in a text: byte ranges in order, none touching another.
pub fn places(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for shape in TABLE.set.matches(text) {
        let Some(regex) = TABLE.each.get(shape) else {
            continue;
        };
        for captures in regex.captures_iter(text) {
            let whole = captures.get(0).filter(|_| regex.captures_len() == 1);
            let groups = captures.iter().skip(1).flatten();
            for part in whole.into_iter().chain(groups) {
                if !NO_SECRET.contains(&part.as_str()) {
                    found.push(part.range());
                }
            }
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Whether a text has a secret in it.
pub fn is_in(text: &str) -> bool {
    TABLE.set.is_match(text) && !places(text).is_empty()
}

/// The text, and [`MASK`] in the place of each secret in it.
pub fn masked(text: &str) -> Cow<'_, str> {
    if !TABLE.set.is_match(text) {
        return Cow::Borrowed(text);
    }
    let places = places(text);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for place in places {
        shown.push_str(text.get(at..place.start).unwrap_or_default());
        shown.push_str(MASK);
        at = place.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Masks a text in its place.
pub fn mask(text: &mut String) {
    if let Cow::Owned(shown) = masked(text) {
        *text = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each shape one that is a secret, told apart from the pieces so that no scanner takes this file for a leak.
    pub(crate) fn secrets() -> Vec<(&'static str, String)> {
        let forty = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let jot = [
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJzdWIiOiIxMjM0In0",
            "c2lnbmF0dXJl",
        ]
        .join(".");
        vec![
            (
                "user information of a URL",
                "https://me:hunter2@host/x".to_owned(),
            ),
            (
                "user information of a URL",
                "see ssh://hunter2@host".to_owned(),
            ),
            (
                "signature or token in a URL's query",
                "https://b.s3.amazonaws.com/t?X-Amz-Date=1&X-Amz-Signature=hunter2&x=y".to_owned(),
            ),
            (
                "signature or token in a URL's query",
                "https://h/t?sig=hunter2".to_owned(),
            ),
            (
                "signature or token in a URL's query",
                "<a>https://h/t?a=b&amp;X-Amz-Security-Token=hunter2</a>".to_owned(),
            ),
            (
                "AWS access key id, and the secret behind it",
                format!("{}{} = {forty}", "AKIA", "IOSFODNN7EXAMPLE"),
            ),
            (
                "AWS access key id, and the secret behind it",
                format!("id {}{}", "ASIA", "IOSFODNN7EXAMPLE"),
            ),
            (
                "AWS secret access key by its name",
                format!("aws_secret_access_key={forty}"),
            ),
            (
                "AWS session token by its name",
                format!("aws_session_token: {}", forty.repeat(4)),
            ),
            ("GitHub token", format!("{}{}", "ghp_", "a1B2".repeat(9))),
            (
                "GitHub token",
                format!("{}{}", "github_pat_", "a1B2".repeat(9)),
            ),
            ("GitLab token", format!("{}{}", "glpat-", "a1B2_".repeat(4))),
            ("Slack token", format!("{}{}", "xoxb-", "1234567890-abcdef")),
            (
                "Slack webhook",
                format!(
                    "https://hooks.slack.com/services/{}",
                    "T0000/B0000/XXXXXXXXXXXX"
                ),
            ),
            (
                "private key",
                format!(
                    "{}\nhunter2\nhunter2\n{}",
                    "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
                ),
            ),
            (
                "private key",
                format!("{}\nhunter2", "-----BEGIN PRIVATE KEY-----"),
            ),
            ("JSON web token", jot.clone()),
            (
                "credentials of a request",
                "Authorization: Bearer hunter2hunter2".to_owned(),
            ),
            ("npm token", format!("{}{}", "npm_", "a1B2".repeat(9))),
            ("Google API key", format!("{}{}", "AIza", "a1B2c".repeat(7))),
            ("Stripe key", format!("{}{}", "sk_live_", "a1B2".repeat(5))),
        ]
    }

    #[test]
    fn every_shape_is_found() {
        assert_eq!(TABLE.each.len(), SHAPES.len());
        assert_eq!(TABLE.set.len(), SHAPES.len());
        for shape in SHAPES {
            let own = secrets();
            let mut own = own
                .iter()
                .filter(|(what, _)| *what == shape.what)
                .peekable();
            assert!(own.peek().is_some(), "{} has no example", shape.what);
            for (_, text) in own {
                let regex = Regex::new(shape.pattern).unwrap();
                assert!(regex.is_match(text), "{}: {text}", shape.what);
                let shown = masked(text).into_owned();
                assert!(shown.contains(MASK), "{shown}");
                for part in [
                    "hunter2",
                    "a1B2",
                    "wJalr",
                    "IOSF",
                    "1234567890",
                    "T0000",
                    "eyJ",
                ] {
                    assert!(!shown.contains(part), "{shown}");
                }
                assert_eq!(masked(&shown), shown, "once is enough");
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "",
            "a VPC with three tiers",
            "ssh://git@github.com/org/repo.git",
            "git@github.com:org/repo.git",
            "me@example.com, or https://example.com/@me?x=y@z",
            "https://b.s3.us-east-1.amazonaws.com/templates/0f3a?versionId=x&partNumber=1",
            "arn:aws:iam::123456789012:role/Secret-Access-Key-Rotator",
            "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "prod-abcdefghijklm pa-abcdefghijklm rec-abcdefghijklm",
            "design=blue&signature looks fine",
            "the public key: -----BEGIN PUBLIC KEY-----",
            "{{resolve:secretsmanager:db:SecretString:password}}",
            "secret_access_key: {ssm: /db/key}",
        ] {
            assert_eq!(masked(text), text);
            assert!(!is_in(text));
        }
    }

    #[test]
    fn what_is_around_a_secret_stays() {
        assert_eq!(
            masked("from https://a:b@h/x to ssh://u@h2 and 'http://p@q@h3' (http://h4/@x)"),
            "from https://(secret)@h/x to ssh://(secret)@h2 and 'http://(secret)@h3' (http://h4/@x)"
        );
        assert_eq!(
            masked("https://b/t?X-Amz-Date=1&X-Amz-Signature=abc&x=y#z"),
            "https://b/t?X-Amz-Date=1&X-Amz-Signature=(secret)&x=y#z"
        );
    }
}
