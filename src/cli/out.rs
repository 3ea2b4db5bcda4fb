//! Where a command's words go: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use crate::render::text::Style;
use crate::secret;

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Yes
    Always,
    /// No
    Never,
}

/// A command's output.
#[derive(Debug)]
pub(super) struct Out {
    stdout_color: bool,
    stderr_color: bool,
    stderr_terminal: bool,
    /// Columns of the terminal that results go to.
    width: Option<usize>,
    verbose: bool,
}

impl Out {
    #[expect(
        clippy::disallowed_methods,
        reason = "cli is where the environment is read"
    )]
    pub(super) fn new(color: Color) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let decide = |terminal: bool| match color {
            Color::Auto => terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let stderr_terminal = io::stderr().is_terminal();
        Self {
            stdout_color: decide(io::stdout().is_terminal()),
            stderr_color: decide(stderr_terminal),
            stderr_terminal,
            width: terminal_size::terminal_size_of(io::stdout())
                .map(|(terminal_size::Width(width), _)| usize::from(width)),
            verbose: false,
        }
    }

    /// Folds nothing away from now on.
    pub(super) fn set_verbose(&mut self, verbose: bool) {
        self.verbose = verbose;
    }

    pub(super) fn plain() -> Self {
        Self {
            stdout_color: false,
            stderr_color: false,
            stderr_terminal: false,
            width: None,
            verbose: false,
        }
    }

    pub(super) fn stdout_color(&self) -> bool {
        self.stdout_color
    }

    /// How results are dressed.
    pub(super) fn style(&self) -> Style {
        Style {
            color: self.stdout_color,
            width: self.width,
            verbose: self.verbose,
        }
    }

    pub(super) fn stderr_color(&self) -> bool {
        self.stderr_color
    }

    /// Whether somebody watches progress.
    pub(super) fn has_terminal(&self) -> bool {
        self.stderr_terminal
    }

    /// Whether a question can be asked and answered.
    pub(super) fn can_ask(&self) -> bool {
        self.stderr_terminal && io::stdin().is_terminal()
    }

    /// Writes a result. A reader that went away (`| head`) is no error of ours.
    pub(super) fn result(&mut self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes());
        if !text.is_empty() && !text.ends_with('\n') {
            let _ = stdout.write_all(b"\n");
        }
        let _ = stdout.flush();
    }

    /// Writes something that is not the result.
    pub(super) fn note(&mut self, text: &str) {
        // What is shown is masked where it comes from. Errors come from many libraries, and this is their only door.
        let text = secret::masked(text.trim_end_matches('\n'));
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{text}");
    }

    /// Writes an error.
    pub(super) fn error(&mut self, text: &str) {
        match (self.stderr_color, text.strip_prefix("error:")) {
            (true, Some(rest)) => self.note(&format!("\x1b[1;31merror:\x1b[0m{rest}")),
            _ => self.note(text),
        }
    }

    /// Asks a question; anything but `yes` is a no.
    pub(super) fn ask(&mut self, question: &str) -> bool {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question} ");
        let _ = stderr.flush();
        drop(stderr);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }
}
