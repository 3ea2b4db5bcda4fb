//! A plan as comments on a pull request: what it comes to in the open, the rest behind a fold, cut where the host's limit
//! is. Anybody may have written the texts, so none of them stands outside of a fence (`docs/plan.md`).
//!
//! A line of a fence begins with a sign or a blank, holds no line end and nothing invisible, and the fence is longer than any
//! run of backticks in it. So no text can end it, and within it nothing is a link, a mention, a picture or HTML.

use std::fmt::Write as _;

use textwrap::{Options, WordSplitter, wrap};

use super::doc::{Doc, Entry, Mark, Row, Section, Sign, count};
use super::page::{self, Detail, Page};
use crate::ids::Revision;
use crate::manifest::{Finding, Severity};
use crate::model::owner::Identity;

/// Characters of a comment at GitHub.
pub const LIMIT: usize = 65_536;
/// The least that a limit may be: a head, a fold and some lines.
pub const LEAST: usize = 4_096;
/// Comments at most: what does not fit is left out and said to be. A pull request with more is read by nobody, and a host
/// takes only so many in a minute.
const PARTS: usize = 10;
/// Lines that are shown in the open.
const OPEN: usize = 12;
/// Columns of a line in a fence: about what a comment shows without scrolling.
const WIDTH: usize = 100;
/// Characters kept free in each part for its head and foot.
const FRAME: usize = 1_200;

/// How a comment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Characters that one may have.
    pub limit: usize,
    /// Nothing is folded away.
    pub verbose: bool,
}

impl Default for Comment {
    fn default() -> Self {
        Self {
            limit: LIMIT,
            verbose: false,
        }
    }
}

/// The plan as one comment or several, each within the limit.
pub fn page(page: &Page<'_>, comment: Comment) -> Vec<String> {
    let doc = page::doc(
        page,
        Detail {
            verbose: comment.verbose,
        },
    );
    let identity = &page.plan.identity;
    let foot = format!(
        "<sub>Made {} of {} by catalogd {}, digest `{}`.</sub>\n",
        page.plan.made.strftime("%F %T UTC"),
        page.revision
            .map_or("manifests".to_owned(), ToString::to_string),
        env!("CARGO_PKG_VERSION"),
        page.plan.digest.short()
    );
    parts(identity, &doc, &foot, comment)
}

/// The comment of a source from which no plan was made, because its manifests have errors.
pub fn refused(
    identity: &Identity,
    revision: &Revision,
    findings: &[Finding],
    comment: Comment,
) -> Vec<String> {
    let errors = findings.iter();
    let errors = errors.filter(|finding| finding.severity == Severity::Error);
    let detail = Detail {
        verbose: comment.verbose,
    };
    let entries: Vec<Entry> = errors
        .map(|error| page::finding_entry(error, detail))
        .collect();
    let errors = count(entries.len(), "error");
    let doc = Doc {
        summary: format!("No plan: the manifests have {errors}. Nothing was planned or written."),
        sections: vec![Section {
            title: "Errors in manifests",
            count: errors,
            hint: "mend them, or plan the objects without errors with --partial",
            entries,
            advice: Vec::new(),
        }],
        ..Doc::default()
    };
    let foot = format!(
        "<sub>Manifests of {revision}, read by catalogd {}.</sub>\n",
        env!("CARGO_PKG_VERSION")
    );
    parts(identity, &doc, &foot, comment)
}

/// The line by which a pipeline finds its comment again; part and catalog are in it, nothing that changes from run to run.
pub fn marker(identity: &Identity, part: usize) -> String {
    format!(
        "<!-- catalogd:plan installation={} target={} part={part} -->",
        identity.installation, identity.target
    )
}

fn parts(identity: &Identity, doc: &Doc, foot: &str, comment: Comment) -> Vec<String> {
    let warned: usize = doc.notices.iter().map(|notice| size(notice) * 2).sum();
    let room = (comment.limit.max(LEAST) - FRAME)
        .saturating_sub(warned)
        .max(LEAST / 4);
    let sections: Vec<Fenced> = doc.sections.iter().map(Fenced::of).collect();
    let lines: usize = sections.iter().map(|section| section.lines.len()).sum();
    let longest = sections.iter().flat_map(|section| &section.lines);
    let fence = "`".repeat(
        longest
            .map(|line| backticks(line))
            .max()
            .unwrap_or(0)
            .max(2)
            + 1,
    );
    let mut bodies = Bodies {
        room,
        folded: lines > OPEN,
        fence,
        done: Vec::new(),
        body: String::new(),
        size: 0,
    };
    for section in &sections {
        bodies.section(section);
    }
    let mut bodies = bodies.finish();
    let left = bodies.len().saturating_sub(PARTS);
    bodies.truncate(PARTS);
    let all = bodies.len();
    let mut parts = Vec::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let part = index + 1;
        let mut text = marker(identity, part);
        let _ = write!(
            text,
            "\n### catalogd plan for {} in {}",
            inline(identity.target.account.as_str()),
            inline(identity.target.region.as_str())
        );
        if all > 1 {
            let _ = write!(text, " (part {part} of {all})");
        }
        text.push_str("\n\n");
        if part == 1 {
            let _ = writeln!(text, "**{}**\n", doc.summary);
            text.push_str(&warnings(&doc.notices));
        }
        text.push_str(&body);
        if part == all {
            if left > 0 {
                let _ = writeln!(
                    text,
                    "**The rest is left out: it would fill {left} more. `--format text` shows all.**\n"
                );
            }
            for cost in &doc.costs {
                let _ = writeln!(text, "{cost}  ");
            }
            if !doc.costs.is_empty() {
                text.push('\n');
            }
            text.push_str(foot);
        }
        parts.push(text);
    }
    parts
}

/// A section as lines of a fence.
struct Fenced {
    title: &'static str,
    count: String,
    hint: &'static str,
    lines: Vec<String>,
}

impl Fenced {
    fn of(section: &Section) -> Self {
        let mut lines = Vec::new();
        for (index, entry) in section.entries.iter().enumerate() {
            let spaced = !entry.rows.is_empty()
                || index
                    .checked_sub(1)
                    .and_then(|before| section.entries.get(before))
                    .is_some_and(|before| !before.rows.is_empty());
            if index > 0 && spaced {
                lines.push(String::new());
            }
            entry_lines(&mut lines, entry);
        }
        if !section.advice.is_empty() {
            lines.push(String::new());
            lines.push("# What to do".to_owned());
            for row in &section.advice {
                row_lines(&mut lines, row, 1);
            }
        }
        Self {
            title: section.title,
            count: section.count.clone(),
            hint: section.hint,
            lines,
        }
    }
}

fn entry_lines(lines: &mut Vec<String>, entry: &Entry) {
    let why = if entry.why.is_empty() {
        String::new()
    } else {
        format!("  ({})", entry.why)
    };
    let text = match entry.mark {
        Mark::More => entry.head.clone(),
        _ => format!("{}{why}", entry.head),
    };
    let symbol = entry.mark.symbol();
    for (index, line) in fold(&text, 4).into_iter().enumerate() {
        lines.push(if index == 0 {
            format!("{symbol} {line}")
        } else {
            format!("    {line}")
        });
    }
    for row in &entry.rows {
        row_lines(lines, row, 1);
    }
}

/// The lines of a row. A value that changes is one line that goes and one that comes: this is how differences are read.
fn row_lines(lines: &mut Vec<String>, row: &Row, depth: usize) {
    match &row.pair {
        Some(pair) => {
            let (label, why) = (&pair.label, &pair.why);
            push(lines, '-', depth, &format!("{label}: {}", pair.before));
            push(lines, '+', depth, &format!("{label}: {}{why}", pair.after));
        }
        None => {
            let sign = match row.sign {
                Sign::Plain | Sign::Same => ' ',
                // Lines below say what goes and what comes.
                Sign::Change => ' ',
                sign => sign.symbol().unwrap_or(' '),
            };
            push(lines, sign, depth, &row.text);
        }
    }
    for nested in &row.nested {
        row_lines(lines, nested, depth + 1);
    }
}

fn push(lines: &mut Vec<String>, sign: char, depth: usize, text: &str) {
    // A sign is never glued to the text.
    let indent = (depth * 4).max(1);
    for (index, line) in fold(text, indent + 1).into_iter().enumerate() {
        let sign = if index == 0 || matches!(sign, '+' | '-') {
            sign
        } else {
            ' '
        };
        let more = if index == 0 { "" } else { "  " };
        lines.push(
            format!("{sign}{:indent$}{more}{line}", "")
                .trim_end()
                .to_owned(),
        );
    }
}

fn fold(text: &str, before: usize) -> Vec<String> {
    let options =
        Options::new(WIDTH - before.min(WIDTH / 2) - 2).word_splitter(WordSplitter::NoHyphenation);
    let lines = wrap(text, options);
    lines.into_iter().map(|line| line.into_owned()).collect()
}

/// The longest run of backticks.
fn backticks(line: &str) -> usize {
    let runs = line.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// Parts in the making.
struct Bodies {
    room: usize,
    folded: bool,
    fence: String,
    done: Vec<String>,
    body: String,
    size: usize,
}

impl Bodies {
    fn section(&mut self, section: &Fenced) {
        let close = self.closing();
        let mut again = false;
        let mut lines = section.lines.iter().peekable();
        while lines.peek().is_some() {
            let open = self.opening(section, again);
            // A fold with nothing in it is worth no room.
            let first = lines.peek().map_or(0, |line| size(line) + 1);
            if self.size > 0 && self.size + size(&open) + first + size(&close) > self.room {
                self.next_part();
            }
            self.add(&open);
            while let Some(line) = lines.peek() {
                if self.size + size(line) + 1 + size(&close) > self.room {
                    break;
                }
                self.add(line);
                self.add("\n");
                lines.next();
            }
            self.add(&close);
            if lines.peek().is_some() {
                self.next_part();
                again = true;
            }
        }
    }

    fn opening(&self, section: &Fenced, again: bool) -> String {
        let again = if again { " (continued)" } else { "" };
        let fence = &self.fence;
        let Fenced {
            title, count, hint, ..
        } = section;
        if self.folded {
            format!(
                "<details>\n<summary><b>{title}</b> ({count}){again}: {hint}</summary>\n\n{fence}diff\n"
            )
        } else {
            format!("**{title}** ({count}){again}: {hint}\n\n{fence}diff\n")
        }
    }

    fn closing(&self) -> String {
        let fence = &self.fence;
        if self.folded {
            format!("{fence}\n\n</details>\n\n")
        } else {
            format!("{fence}\n\n")
        }
    }

    fn add(&mut self, text: &str) {
        self.body.push_str(text);
        self.size += size(text);
    }

    fn next_part(&mut self) {
        self.done.push(std::mem::take(&mut self.body));
        self.size = 0;
    }

    fn finish(mut self) -> Vec<String> {
        if self.size > 0 || self.done.is_empty() {
            self.next_part();
        }
        self.done
    }
}

/// Characters as the strictest host counts them: one beyond the basic plane is two.
fn size(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What must be known first, in the open. Its words may be somebody's, so they stand in a fence too.
fn warnings(notices: &[String]) -> String {
    let mut lines = Vec::new();
    for notice in notices {
        push(&mut lines, '!', 0, notice);
    }
    if lines.is_empty() {
        return String::new();
    }
    let longest = lines.iter().map(|line| backticks(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "**Warning**\n\n{fence}diff\n{}\n{fence}\n\n",
        lines.join("\n")
    )
}

/// A word of ours outside of a fence, which the command line or the environment gave: nothing but letters, digits and dashes.
fn inline(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    text.chars().map(plain).collect()
}
