//! Git's smart protocol over ssh, by the machine's own `ssh` program: its keys, agent and known hosts are the user's.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::{SourceError, SourceErrorKind};
use super::transport::{Access, FETCH_DEADLINE, explain};
use super::upload_pack::{Advertisement, Failure, message_of, read_pack};

/// Bytes kept of what `ssh` says on stderr.
const MAX_STDERR: usize = 16 * 1024;
/// Wait for the last words of an `ssh` whose answer ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running `ssh … git-upload-pack`.
pub(super) struct Ssh {
    child: Arc<Mutex<Child>>,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Said,
    /// Sends the watchdog a new deadline; dropped, it sends it home.
    deadline: Option<Sender<Duration>>,
}

impl Ssh {
    pub(super) fn open(
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

    pub(super) fn fetch(
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

    /// Says that nothing is wanted, and ends the program.
    pub(super) fn close(mut self) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(b"0000");
        }
        self.end();
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
}
