//! Reaches a remote's `git-upload-pack`: over https with ureq, over ssh with the machine's `ssh` program.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::http::{StatusCode, header};

use super::error::{SourceError, SourceErrorKind};
use super::location::{Location, is_loopback};
use super::pkt::{self, Packet};
use super::upload_pack::{Advertisement, Failure, message_of, read_pack};

/// Longest wait for one fetch, over all.
const FETCH_DEADLINE: Duration = Duration::from_secs(15 * 60);
/// Redirects followed on the first request.
const MAX_REDIRECTS: usize = 5;
/// Bytes kept of what `ssh` says on stderr.
const MAX_STDERR: usize = 16 * 1024;
/// Wait for the last words of an `ssh` whose answer ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Bytes of an answer over http. The parts have limits of their own; this one also bounds what surrounds them.
const MAX_ANSWER: u64 = 2 * 1024 * 1024 * 1024;

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

    fn header(&self) -> String {
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
        if let Link::Ssh(mut ssh) = self.link {
            if let Some(stdin) = &mut ssh.stdin {
                let _ = stdin.write_all(b"0000");
            }
            ssh.end();
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

struct Http {
    agent: ureq::Agent,
    /// Where the repository turned out to be, after redirects.
    url: String,
    authorization: Option<String>,
}

impl Http {
    const SERVICE: &str = "git-upload-pack";

    fn open(url: &str, access: &Access) -> Result<(Advertisement, Self), SourceError> {
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

    fn fetch(self, request: &[u8], sink: &mut impl Write) -> Result<u32, SourceError> {
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

/// A running `ssh … git-upload-pack`.
struct Ssh {
    child: Arc<Mutex<Child>>,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Said,
    /// Sends the watchdog a new deadline; dropped, it sends it home.
    deadline: Option<Sender<Duration>>,
}

impl Ssh {
    fn open(
        at: &str,
        target: &str,
        port: Option<u16>,
        path: &str,
        access: &Access,
    ) -> Result<(Advertisement, Self), SourceError> {
        let mut command = Command::new(&access.ssh);
        // Never a question on the terminal: a daemon has none. Whom to trust stays the user's ssh configuration's say.
        command.args(["-o", "BatchMode=yes"]);
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        // `target` was checked not to begin with a dash; `--` says so to ssh as well.
        command.args(["-T", "--", target]);
        command.arg(format!("git-upload-pack {}", quoted(path)));
        let started = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            let why = format!("{} could not be run: {error}", access.ssh.display());
            SourceError::new(SourceErrorKind::Unreachable, at, why)
                .with_hint("install OpenSSH's client, or use https")
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            let _ = child.kill();
            let why = "ssh was started without pipes";
            return Err(SourceError::new(SourceErrorKind::Internal, at, why));
        };
        let child = Arc::new(Mutex::new(child));
        let mut ssh = Self {
            deadline: Some(watchdog(Arc::clone(&child), access.timeout)),
            child,
            stdin: Some(stdin),
            stdout,
            stderr: Said::by(stderr),
        };
        match Advertisement::read(&mut ssh.stdout) {
            Ok(advertisement) => Ok((advertisement, ssh)),
            Err(failure) => Err(ssh.explain(at, failure)),
        }
    }

    fn fetch(
        mut self,
        at: &str,
        request: &[u8],
        sink: &mut impl Write,
    ) -> Result<u32, SourceError> {
        if let Some(deadline) = &self.deadline {
            let _ = deadline.send(FETCH_DEADLINE);
        }
        let sent = match &mut self.stdin {
            Some(stdin) => stdin.write_all(request).and_then(|()| stdin.flush()),
            None => Ok(()),
        };
        let read = sent
            .map_err(Failure::Io)
            .and_then(|()| read_pack(&mut self.stdout, sink));
        match read {
            Ok(objects) => Ok(objects),
            Err(failure) => Err(self.explain(at, failure)),
        }
    }

    /// Closes the pipes and ends the program.
    fn end(&mut self) {
        self.stdin = None;
        {
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = child.kill();
            let _ = child.wait();
        }
        self.deadline = None;
    }

    /// What the program said on stderr usually tells more than its cut-off answer.
    fn explain(mut self, at: &str, failure: Failure) -> SourceError {
        let cut =
            matches!(&failure, Failure::Io(error) if error.kind() != io::ErrorKind::InvalidData);
        if !cut {
            return explain(at, failure);
        }
        self.stdin = None;
        let said = message_of(&self.stderr.last_words());
        self.end();
        let lower = said.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["host key verification failed"]) {
            return SourceError::new(SourceErrorKind::Authentication, at, said)
                .with_hint("add the host's key to known_hosts after checking it");
        }
        if says(&["permission denied", "too many authentication failures"]) {
            return SourceError::new(SourceErrorKind::Authentication, at, said);
        }
        if says(&["not found", "does not exist", "does not appear", "no such"]) {
            return SourceError::new(SourceErrorKind::Missing, at, said);
        }
        match said.is_empty() {
            true => explain(at, failure),
            false => SourceError::new(SourceErrorKind::Unreachable, at, said),
        }
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a program says on stderr. A connection that `ssh` leaves behind to be shared (ControlPersist) keeps the pipe open,
/// so nobody may wait for its end without a limit.
struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    /// Disconnected when the pipe has ended.
    ended: Receiver<()>,
}

impl Said {
    fn by(mut stderr: impl Read + Send + 'static) -> Self {
        let (end, ended) = channel();
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        std::thread::spawn(move || {
            let _end: Sender<()> = end;
            let mut part = [0; 1024];
            while let Ok(n @ 1..) = stderr.read(&mut part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = MAX_STDERR - kept.len();
                kept.extend_from_slice(&part[..n.min(room)]);
            }
        });
        Self { text, ended }
    }

    fn last_words(&self) -> Vec<u8> {
        let _ = self.ended.recv_timeout(LAST_WORDS);
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }
}

/// Kills the child when a deadline passes without another being sent.
fn watchdog(child: Arc<Mutex<Child>>, first: Duration) -> Sender<Duration> {
    let (sender, deadlines) = channel();
    std::thread::spawn(move || {
        let mut wait = first;
        loop {
            match deadlines.recv_timeout(wait) {
                Ok(next) => wait = next,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
                    let _ = child.kill();
                    return;
                }
            }
        }
    });
    sender
}

/// `path` in single quotes for the remote's shell, as git quotes it.
fn quoted(path: &str) -> String {
    let mut quoted = String::from("'");
    for c in path.chars() {
        match c {
            '\'' | '!' => {
                quoted.push_str("'\\");
                quoted.push(c);
                quoted.push('\'');
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_the_remote_shell_as_one_word() {
        assert_eq!(quoted("/a b;$(c)"), "'/a b;$(c)'");
        assert_eq!(quoted("a'b!c"), "'a'\\''b'\\!'c'");
    }

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
