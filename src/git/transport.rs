//! Reaches a remote's `git-upload-pack`, over https or ssh.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::error::{SourceError, SourceErrorKind};
use super::http::Http;
use super::location::Location;
use super::ssh::Ssh;
use super::upload_pack::{Advertisement, Failure, message_of};

/// Longest wait for one fetch, over all.
pub(super) const FETCH_DEADLINE: Duration = Duration::from_secs(15 * 60);

/// A user and token for https. Neither is shown by `Debug`, and no error holds them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: String,
    token: String,
}

impl Credentials {
    /// The name hosts take beside a token when none is given: GitHub wants it for an installation's token, the
    /// others take any.
    pub const DEFAULT_USERNAME: &str = "x-access-token";

    /// Credentials of this token.
    pub fn new(username: Option<String>, token: String) -> Self {
        let username = username.unwrap_or_else(|| Self::DEFAULT_USERNAME.to_owned());
        Self { username, token }
    }

    /// The value of an `Authorization` header.
    pub(super) fn header(&self) -> String {
        let pair = format!("{}:{}", self.username, self.token);
        format!("Basic {}", aws_smithy_types::base64::encode(pair))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// How remotes are reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// For https; none for public repositories.
    pub credentials: Option<Credentials>,
    /// The program run for ssh: a name on the `PATH` or a path. It takes OpenSSH's arguments.
    pub ssh: PathBuf,
    /// Longest wait for a connection, and for an answer to begin.
    pub timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            credentials: None,
            ssh: "ssh".into(),
            timeout: Duration::from_secs(60),
        }
    }
}

/// A remote that has said what refs it has.
pub(super) struct Session {
    at: String,
    link: Link,
}

enum Link {
    Http(Http),
    Ssh(Ssh),
}

impl Session {
    /// Connects and asks for the refs.
    pub(super) fn open(
        location: &Location,
        access: &Access,
    ) -> Result<(Advertisement, Self), SourceError> {
        let at = location.to_string();
        let (advertisement, link) = match location {
            Location::Http { url } => {
                let (advertisement, http) = Http::open(url, access)?;
                (advertisement, Link::Http(http))
            }
            Location::Ssh {
                user,
                host,
                port,
                path,
            } => {
                let target = user.as_ref().map(|user| format!("{user}@{host}"));
                let target = target.unwrap_or_else(|| host.clone());
                let (advertisement, ssh) = Ssh::open(&at, &target, *port, path, access)?;
                (advertisement, Link::Ssh(ssh))
            }
            Location::Local(_) => {
                let why = "a local repository is read in place";
                return Err(SourceError::new(SourceErrorKind::Internal, at, why));
            }
        };
        Ok((advertisement, Self { at, link }))
    }

    /// Sends one request and writes the packfile of the answer to `sink`; returns the number of objects.
    pub(super) fn fetch(self, request: &[u8], sink: &mut impl Write) -> Result<u32, SourceError> {
        match self.link {
            Link::Http(http) => http.fetch(request, sink),
            Link::Ssh(ssh) => ssh.fetch(&self.at, request, sink),
        }
    }

    /// Ends the conversation politely. Errors no longer matter.
    pub(super) fn close(self) {
        if let Link::Ssh(ssh) = self.link {
            ssh.close();
        }
    }
}

/// What a [`Failure`] is to a person.
pub(super) fn explain(at: &str, failure: Failure) -> SourceError {
    match failure {
        Failure::TooLarge(why) => SourceError::new(SourceErrorKind::TooLarge, at, why),
        Failure::Remote(message) => {
            let lower = message.to_ascii_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
            let kind = if says(&["not our ref", "unadvertised object"]) {
                SourceErrorKind::RefMissing
            } else if says(&["denied", "authenti", "unauthorized", "not authorized"]) {
                SourceErrorKind::Authentication
            } else if says(&["not found", "does not exist", "not exported", "no such"]) {
                SourceErrorKind::Missing
            } else {
                SourceErrorKind::Unreachable
            };
            SourceError::new(kind, at, format!("the remote says: {message}"))
        }
        Failure::Io(error) => {
            let kind = match error.kind() {
                io::ErrorKind::InvalidData => SourceErrorKind::Protocol,
                _ => SourceErrorKind::Unreachable,
            };
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the answer was cut off".to_owned(),
                _ => message_of(error.to_string().as_bytes()),
            };
            SourceError::new(kind, at, why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials::new(Some("me".into()), "hunter2".into());
        let access = Access {
            credentials: Some(credentials),
            ..Access::default()
        };
        let shown = format!("{access:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("me\""),
            "{shown}"
        );
    }
}
