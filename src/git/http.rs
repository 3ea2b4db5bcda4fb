//! Git's smart protocol over https (gitprotocol-http), with ureq and rustls.

use std::io::{Read, Write};

use ureq::http::{StatusCode, header};

use super::error::{SourceError, SourceErrorKind};
use super::location::{Location, is_loopback};
use super::pkt::{self, Packet};
use super::transport::{Access, Credentials, FETCH_DEADLINE, explain};
use super::upload_pack::{Advertisement, Failure, message_of, read_pack};

/// Redirects followed on the first request.
const MAX_REDIRECTS: usize = 5;
/// Bytes of an answer over http. The parts have limits of their own; this one also bounds what surrounds them.
const MAX_ANSWER: u64 = 2 * 1024 * 1024 * 1024;

/// One remote over http.
pub(super) struct Http {
    agent: ureq::Agent,
    /// Where the repository turned out to be, after redirects.
    url: String,
    authorization: Option<String>,
}

impl Http {
    const SERVICE: &str = "git-upload-pack";

    pub(super) fn open(url: &str, access: &Access) -> Result<(Advertisement, Self), SourceError> {
        let mut http = Self {
            agent: agent(url, access),
            url: url.to_owned(),
            authorization: access.credentials.as_ref().map(Credentials::header),
        };
        for _ in 0..=MAX_REDIRECTS {
            let asked = format!("{}/info/refs?service={}", http.url, Self::SERVICE);
            let mut call = http.agent.get(&asked);
            if let Some(authorization) = &http.authorization {
                call = call.header(header::AUTHORIZATION, authorization);
            }
            let answer = call
                .call()
                .map_err(|error| unreachable(&http.url, &error))?;
            let status = answer.status();
            if status.is_redirection() {
                let to = answer.headers().get(header::LOCATION);
                let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
                http = http.moved(to)?;
                continue;
            }
            http.check(status, &answer, "advertisement")?;
            let mut body = answer
                .into_body()
                .into_with_config()
                .limit(MAX_ANSWER)
                .reader();
            let read = service_line(&mut body).and_then(|()| Advertisement::read(&mut body));
            let advertisement = read.map_err(|failure| explain(&http.url, failure))?;
            return Ok((advertisement, http));
        }
        let why = format!("it redirects more than {MAX_REDIRECTS} times");
        Err(SourceError::new(SourceErrorKind::Unreachable, url, why))
    }

    /// Follows a redirect of the first request, as git does. Credentials stay with the host they were given for (Flux and
    /// go-git each lost some this way), and https never becomes http.
    fn moved(self, to: &str) -> Result<Self, SourceError> {
        let refuse = |why: &str| {
            Err(SourceError::new(SourceErrorKind::Refused, &self.url, why)
                .with_hint("give the URL the repository has moved to"))
        };
        let to = match to.starts_with('/') && !to.starts_with("//") {
            true => format!("{}{to}", origin(&self.url)),
            false => to.to_owned(),
        };
        let Some(base) = to.strip_suffix(&format!("/info/refs?service={}", Self::SERVICE)) else {
            return refuse(
                "it redirects to something that is no git repository, perhaps a login page",
            );
        };
        let Ok(Location::Http { url }) = Location::parse(base) else {
            return refuse("it redirects to a URL that is not accepted");
        };
        if self.url.starts_with("https://") && !url.starts_with("https://") {
            return refuse("it redirects from https to http");
        }
        if !self.url.starts_with("https://") && !is_loopback_url(&url) {
            return refuse("it redirects from this machine to another");
        }
        let same = origin(&self.url) == origin(&url);
        Ok(Self {
            agent: self.agent,
            url,
            authorization: self.authorization.filter(|_| same),
        })
    }

    fn check(
        &self,
        status: StatusCode,
        answer: &ureq::http::Response<ureq::Body>,
        what: &str,
    ) -> Result<(), SourceError> {
        let fail = |kind, why: String| Err(SourceError::new(kind, &self.url, why));
        match status.as_u16() {
            200 => {}
            401 | 403 => {
                let given = match self.authorization {
                    Some(_) => "the credentials given",
                    None => "no credentials given",
                };
                let why = format!("the server answered {status} with {given}");
                return fail(SourceErrorKind::Authentication, why);
            }
            404 | 410 => {
                return Err(SourceError::new(
                    SourceErrorKind::Missing,
                    &self.url,
                    format!("the server answered {status}"),
                )
                .with_hint(
                    "check the URL; a private repository may look like this without CATALOGD_GIT_TOKEN",
                ));
            }
            _ => {
                let why = format!("the server answered {status}");
                return fail(SourceErrorKind::Unreachable, why);
            }
        }
        let kind = answer.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind != format!("application/x-{}-{what}", Self::SERVICE) {
            let why = "the answer is not of git's smart http protocol".to_owned();
            return fail(SourceErrorKind::Protocol, why);
        }
        Ok(())
    }

    pub(super) fn fetch(self, request: &[u8], sink: &mut impl Write) -> Result<u32, SourceError> {
        let asked = format!("{}/{}", self.url, Self::SERVICE);
        let mut call = self
            .agent
            .post(&asked)
            .header(
                header::CONTENT_TYPE,
                "application/x-git-upload-pack-request",
            )
            .header(header::ACCEPT, "application/x-git-upload-pack-result");
        if let Some(authorization) = &self.authorization {
            call = call.header(header::AUTHORIZATION, authorization);
        }
        let answer = call
            .send(request)
            .map_err(|error| unreachable(&self.url, &error))?;
        self.check(answer.status(), &answer, "result")?;
        let mut body = answer
            .into_body()
            .into_with_config()
            .limit(MAX_ANSWER)
            .reader();
        read_pack(&mut body, sink).map_err(|failure| explain(&self.url, failure))
    }
}

fn agent(url: &str, access: &Access) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("git/catalogd-", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(access.timeout))
        .timeout_resolve(Some(access.timeout))
        .timeout_recv_response(Some(access.timeout))
        .timeout_per_read(Some(access.timeout))
        .timeout_global(Some(FETCH_DEADLINE));
    if is_loopback_url(url) {
        config = config.proxy(None);
    }
    config.build().into()
}

/// The scheme, host and port of an accepted URL, with the port spelled out where it is the scheme's own.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    let origin = &url[..end];
    match url.starts_with("https://") {
        true => origin.strip_suffix(":443").unwrap_or(origin),
        false => origin.strip_suffix(":80").unwrap_or(origin),
    }
}

fn is_loopback_url(url: &str) -> bool {
    let authority = origin(url).split_once("://").map_or("", |(_, rest)| rest);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    host.is_some_and(is_loopback)
}

/// `# service=git-upload-pack`, flush: what an http advertisement begins with.
fn service_line(from: &mut impl Read) -> Result<(), Failure> {
    match pkt::read(from)? {
        Some(packet) if packet.line() == Some(b"# service=git-upload-pack") => {}
        _ => return Err(pkt::invalid("the answer does not begin as git's do").into()),
    }
    match pkt::read(from)? {
        Some(Packet::Flush) => Ok(()),
        _ => Err(pkt::invalid("the answer does not begin as git's do").into()),
    }
}

fn unreachable(at: &str, error: &ureq::Error) -> SourceError {
    let why = message_of(error.to_string().as_bytes());
    SourceError::new(SourceErrorKind::Unreachable, at, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: &str, to: &str) -> Result<(String, bool), SourceErrorKind> {
        let credentials = Credentials::new(None, "hunter2".into());
        let http = Http {
            agent: agent(from, &Access::default()),
            url: from.to_owned(),
            authorization: Some(credentials.header()),
        };
        let http = http.moved(to).map_err(|error| error.kind)?;
        Ok((http.url, http.authorization.is_some()))
    }

    #[test]
    fn credentials_stay_with_their_host() {
        let end = "/info/refs?service=git-upload-pack";
        let from = "https://a.example/r";
        let ok = |url: &str, kept| Ok((url.to_owned(), kept));
        let refused = Err(SourceErrorKind::Refused);
        for (to, result) in [
            (
                format!("https://a.example/r.git{end}"),
                ok("https://a.example/r.git", true),
            ),
            (
                format!("https://a.example:443/r.git{end}"),
                ok("https://a.example:443/r.git", true),
            ),
            (format!("/r.git{end}"), ok("https://a.example/r.git", true)),
            (
                format!("https://b.example/r{end}"),
                ok("https://b.example/r", false),
            ),
            (
                format!("https://a.example:444/r{end}"),
                ok("https://a.example:444/r", false),
            ),
            (
                format!("https://a.example.evil/r{end}"),
                ok("https://a.example.evil/r", false),
            ),
            (format!("http://127.0.0.1/r{end}"), refused.clone()),
            (format!("//b.example/r{end}"), refused.clone()),
            (format!("file:///etc{end}"), refused.clone()),
            (format!("https://u:p@a.example/r{end}"), refused.clone()),
            ("https://a.example/login".to_owned(), refused.clone()),
            (String::new(), refused.clone()),
        ] {
            assert_eq!(moved(from, &to), result, "{to}");
        }
        let local = "http://127.0.0.1:1/r";
        assert_eq!(moved(local, &format!("https://b.example/r{end}")), refused);
    }
}
