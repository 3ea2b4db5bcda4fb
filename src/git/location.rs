//! Where a repository is: the accepted forms of a URL, and what may be shown of one.

use std::fmt;
use std::path::PathBuf;

use super::error::{SourceError, SourceErrorKind};
use crate::secret;

/// Longest URL taken.
const MAX_URL: usize = 2048;

/// A parsed and accepted repository location. `Display` never shows credentials, because none are kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `https://host[:port]/path`; `http://` only to this machine.
    Http {
        /// The URL without a trailing slash.
        url: String,
    },
    /// `ssh://[user@]host[:port]/path` or `user@host:path`.
    Ssh {
        /// The login, when one is named.
        user: Option<String>,
        /// Host name or address, without brackets.
        host: String,
        /// The port, when one is named.
        port: Option<u16>,
        /// The repository's path as the server knows it.
        path: String,
    },
    /// A local repository, bare or not: `file:///path` or a path.
    Local(PathBuf),
}

/// What may be shown of what a person gave, be it a location or none.
pub fn shown(given: &str) -> String {
    match given.rsplit_once('@') {
        // user:password@host:path is nobody's form, but someone will try it. `git` is everybody's login.
        Some((user, host)) if !given.contains("://") && user != "git" => format!("***@{host}"),
        _ => secret::masked(given).into_owned(),
    }
}

impl Location {
    /// Parses what a person gave.
    ///
    /// Refused, because each has been a way to run or leak something: user information in an http URL, a host or user
    /// that begins with `-` (an option to `ssh`), `transport::address` forms, control characters, schemes other than
    /// those named, plain http to another machine, and `git://`, which proves nobody's identity.
    ///
    /// # Errors
    /// [`SourceErrorKind::Refused`]; its text holds nothing of a URL's user information.
    pub fn parse(given: &str) -> Result<Self, SourceError> {
        let refuse = |why: &str| {
            Err(SourceError::new(
                SourceErrorKind::Refused,
                shown(given),
                why,
            ))
        };
        if given.is_empty() {
            return refuse("it is empty");
        }
        if given.len() > MAX_URL {
            return refuse("it is too long");
        }
        if given.chars().any(char::is_control) {
            return refuse("it holds a control character");
        }
        if given.starts_with('-') {
            return refuse("it begins with a dash");
        }
        if let Some((scheme, rest)) = given.split_once("://") {
            return match scheme {
                "https" | "http" => http(scheme, rest).or_else(refuse),
                "ssh" | "git+ssh" | "ssh+git" => ssh(rest).or_else(refuse),
                "file" => {
                    let path = rest.strip_prefix("localhost").unwrap_or(rest);
                    match path.starts_with('/') {
                        true => Ok(Self::Local(path.into())),
                        false => refuse("a file URL names a path of this machine: file:///path"),
                    }
                }
                "git" => refuse("git:// is neither encrypted nor authenticated"),
                _ => refuse("its scheme is not one of https, ssh and file"),
            };
        }
        // As git has it: a colon before the first slash makes it host:path.
        let local = given
            .split('/')
            .next()
            .is_none_or(|head| !head.contains(':'));
        if local {
            return Ok(Self::Local(given.into()));
        }
        if given.contains("::") && !given.contains('[') {
            return refuse("a transport helper is a program of its own");
        }
        scp(given).or_else(refuse)
    }

    /// Whether it is on this machine's disk.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { url } => f.write_str(url),
            Self::Ssh {
                user,
                host,
                port,
                path,
            } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                match host.contains(':') {
                    true => write!(f, "[{host}]")?,
                    false => f.write_str(host)?,
                }
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                write!(f, "/{}", path.trim_start_matches('/'))
            }
            Self::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

fn http(scheme: &str, rest: &str) -> Result<Location, &'static str> {
    let (authority, path) = rest.split_once('/').ok_or("it names no repository")?;
    if authority.contains('@') {
        return Err(
            "it holds a user or password; give them as CATALOGD_GIT_USERNAME and CATALOGD_GIT_TOKEN",
        );
    }
    let (host, port) = authority_of(authority)?;
    if scheme == "http" && !is_loopback(&host) {
        return Err("plain http is accepted for this machine only");
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Err("it names no repository");
    }
    if path.contains(['?', '#', '\\', ' ']) {
        return Err("a repository's URL has no query, fragment, backslash or blank");
    }
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host,
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let url = format!("{scheme}://{host}{port}/{path}");
    Ok(Location::Http { url })
}

fn ssh(rest: &str) -> Result<Location, &'static str> {
    let (authority, path) = rest.split_once('/').ok_or("it names no repository")?;
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let (host, port) = authority_of(authority)?;
    // ssh://host/~user/x is relative to that home, everything else absolute.
    let path = match path.starts_with('~') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    remote(user, host, port, path)
}

fn scp(given: &str) -> Result<Location, &'static str> {
    let (user, rest) = match given.split_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, given),
    };
    let (host, path) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => rest.split_once(':'),
    }
    .ok_or("it names no repository")?;
    remote(user, checked_host(host)?, None, path.to_owned())
}

fn remote(
    user: Option<&str>,
    host: String,
    port: Option<u16>,
    path: String,
) -> Result<Location, &'static str> {
    if let Some(user) = user {
        if user.contains(':') {
            return Err("it holds a password; ssh uses keys");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
        if user.is_empty() || user.starts_with('-') || !user.chars().all(plain) {
            return Err("its user is not a login name");
        }
    }
    if path.is_empty() || path == "/" {
        return Err("it names no repository");
    }
    if path.starts_with('-') {
        return Err("its path begins with a dash");
    }
    Ok(Location::Ssh {
        user: user.map(str::to_owned),
        host,
        port,
        path,
    })
}

/// Host and port of `host[:port]` or `[v6][:port]`.
fn authority_of(authority: &str) -> Result<(String, Option<u16>), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or("its address lacks a ]")?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err("its port is not a number"),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None => None,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
            Some(port.parse().map_err(|_| "its port is not a number")?)
        }
        Some(_) => return Err("its port is not a number"),
    };
    Ok((checked_host(host)?, port))
}

fn checked_host(host: &str) -> Result<String, &'static str> {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let address = host.parse::<std::net::Ipv6Addr>().is_ok();
    if host.is_empty() || host.starts_with('-') || !(address || host.chars().all(name)) {
        return Err("its host is not a host name or address");
    }
    Ok(host.to_ascii_lowercase())
}

/// Whether a host name or address is this machine by definition.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_forms() {
        for (given, shown) in [
            (
                "https://GitHub.com/org/repo.git",
                "https://github.com/org/repo.git",
            ),
            (
                "https://git.example:8443/org/repo/",
                "https://git.example:8443/org/repo",
            ),
            ("http://127.0.0.1:3000/r.git", "http://127.0.0.1:3000/r.git"),
            ("http://[::1]:3000/r.git", "http://[::1]:3000/r.git"),
            (
                "ssh://git@host:2222/org/r.git",
                "ssh://git@host:2222/org/r.git",
            ),
            ("git@github.com:org/r.git", "ssh://git@github.com/org/r.git"),
            ("host:r.git", "ssh://host/r.git"),
            ("git@[::1]:r.git", "ssh://git@[::1]/r.git"),
            ("file:///srv/r.git", "/srv/r.git"),
            ("../r.git", "../r.git"),
            ("./odd:name", "./odd:name"),
        ] {
            assert_eq!(
                Location::parse(given).unwrap().to_string(),
                shown,
                "{given}"
            );
        }
    }

    #[test]
    fn refused_forms_say_why_and_never_show_a_secret() {
        for (given, why) in [
            ("", "empty"),
            ("https://user:hunter2@host/r", "user or password"),
            ("https://hunter2@host/r", "user or password"),
            ("ssh://git:hunter2@host/r", "password"),
            ("git:hunter2@host:r", "password"),
            ("http://example.com/r", "plain http"),
            ("http://localhost.example.com/r", "plain http"),
            ("git://host/r", "neither encrypted"),
            ("ext::sh -c touch% /tmp/x", "helper"),
            ("codecommit::us-east-1://repo", "scheme"),
            ("ssh://-oProxyCommand=touch/r", "not a host"),
            ("-oProxyCommand=touch:r", "dash"),
            ("git@-oProxyCommand=x:r", "not a host"),
            ("-u@host:r", "dash"),
            ("ssh://-l@host/r", "login name"),
            ("host:-r", "path begins with a dash"),
            ("https://host", "names no"),
            ("https://host/", "names no"),
            ("https://ho st/r", "not a host"),
            ("https://host:99999/r", "port"),
            ("https://host:+1/r", "port"),
            ("https://host/r?x=1", "query"),
            ("https://host/r\n", "control"),
            ("file://other/r", "this machine"),
            ("ftp://host/r", "scheme"),
        ] {
            let error = Location::parse(given).expect_err(given);
            assert_eq!(error.kind, SourceErrorKind::Refused, "{given}");
            assert!(error.why.contains(why), "{given}: {}", error.why);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
