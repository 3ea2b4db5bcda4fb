//! A plan for people at a terminal or in a log: drift first, a line per object with its reason, a line per field, one
//! summary line last.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use textwrap::{Options, WordSplitter, wrap};

use super::doc::{Doc, Entry, Mark, Row, Section, Sign};
use super::page::{self, CHANGES, Detail, Page};
use crate::plan::Plan;

/// The narrowest a page is made: what is wider than the terminal wraps there once more.
const NARROWEST: usize = 60;
/// The widest: longer lines are hard to follow to their end.
const WIDEST: usize = 160;
/// Columns before a row of an object.
const ROW: usize = 6;
/// Columns more before a row below it.
const NESTED: usize = 4;
/// Where the second line of a row begins, right of its first.
const HANGING: usize = 2;

/// How text is dressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Columns of the terminal. `None` folds no line: for logs and files, which are searched.
    pub width: Option<usize>,
    /// Nothing is folded away.
    pub verbose: bool,
}

/// A colour of the terminal's own palette.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paint {
    Green,
    Yellow,
    Red,
    Cyan,
    Bold,
    Dim,
}

impl Style {
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Green => 32,
            Paint::Yellow => 33,
            Paint::Red => 31,
            Paint::Cyan => 36,
            Paint::Bold => 1,
            Paint::Dim => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The text in lines that fit, the second and later ones further in.
    fn fold(self, text: &str, before: usize, hanging: usize) -> Vec<String> {
        let Some(width) = self.width else {
            return vec![text.to_owned()];
        };
        let width = width.clamp(NARROWEST, WIDEST).saturating_sub(before);
        let hanging = " ".repeat(hanging);
        let options = Options::new(width.max(1))
            .subsequent_indent(&hanging)
            .word_splitter(WordSplitter::NoHyphenation);
        let lines = wrap(text, options);
        lines.into_iter().map(|line| line.into_owned()).collect()
    }

    fn detail(self) -> Detail {
        Detail {
            verbose: self.verbose,
        }
    }
}

/// The plan, its summary on the last line.
pub fn plan(plan: &Plan, style: Style) -> String {
    page(&Page::of(plan), style)
}

/// The plan with all that is known besides, its summary on the last line.
pub fn page(page: &Page<'_>, style: Style) -> String {
    let doc = page::doc(page, style.detail());
    let mut out = String::new();
    for notice in &doc.notices {
        put(&mut out, style, "warning: ", Paint::Yellow, notice);
    }
    legend(&mut out, &doc, style);
    if !out.is_empty() {
        out.push('\n');
    }
    // A page of nothing but changes needs no title for them.
    let titled = doc.sections.iter().any(|section| section.title != CHANGES);
    for section in &doc.sections {
        write_section(&mut out, section, titled, style);
    }
    for cost in &doc.costs {
        put(&mut out, style, "", Paint::Dim, cost);
    }
    out.push_str(&style.paint(Paint::Bold, &doc.summary));
    out.push('\n');
    out
}

/// What could not be read; empty where there is none.
pub fn gaps(plan: &Plan, style: Style) -> String {
    one(plan, "Not read", style)
}

/// What is ours and no longer in git; empty where there is none.
pub fn orphans(plan: &Plan, style: Style) -> String {
    one(plan, "Orphaned", style)
}

/// What the team's own rules say; empty where they say nothing.
pub fn verdicts(plan: &Plan, style: Style) -> String {
    one(plan, "Policy", style)
}

fn one(plan: &Plan, title: &str, style: Style) -> String {
    let doc = page::doc(&Page::of(plan), style.detail());
    let mut out = String::new();
    for section in doc.sections.iter().filter(|s| s.title == title) {
        write_section(&mut out, section, true, style);
    }
    out
}

/// A text of lines that fit, after a word.
fn put(out: &mut String, style: Style, word: &str, paint: Paint, text: &str) {
    let lines = style.fold(&format!("{word}{text}"), 0, HANGING);
    for (index, line) in lines.iter().enumerate() {
        let line = match (index, line.strip_prefix(word)) {
            (0, Some(rest)) if !word.is_empty() => {
                format!("{}{rest}", style.paint(paint, word))
            }
            _ if word.is_empty() => style.paint(paint, line),
            _ => line.clone(),
        };
        let _ = writeln!(out, "{line}");
    }
}

/// What the symbols mean, where there are others than those that everybody knows.
fn legend(out: &mut String, doc: &Doc, style: Style) {
    let entries = doc.sections.iter().flat_map(|section| &section.entries);
    let used: BTreeSet<Mark> = entries.map(|entry| entry.mark).collect();
    let known = [Mark::Create, Mark::Update, Mark::Delete];
    let strange = |mark: &&Mark| mark.meaning().is_some() && !known.contains(*mark);
    if used.iter().filter(strange).count() == 0 {
        return;
    }
    let mut words: Vec<String> = Vec::new();
    for mark in used {
        if let Some(meaning) = mark.meaning() {
            let word = format!("{} {meaning}", mark.symbol());
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    put(
        out,
        style,
        "",
        Paint::Dim,
        &format!("Symbols: {}", words.join(",  ")),
    );
}

fn write_section(out: &mut String, section: &Section, titled: bool, style: Style) {
    if titled {
        let head = format!("{} ({})", section.title, section.count);
        let lines = style.fold(&format!("{head}: {}", section.hint), 0, HANGING);
        for line in lines {
            let line = match line.strip_prefix(&head) {
                Some(rest) => format!("{}{rest}", style.paint(Paint::Bold, &head)),
                None => line,
            };
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
    }
    let mut entries = section.entries.iter().peekable();
    while let Some(entry) = entries.next() {
        write_entry(out, entry, style);
        // Entries of one line each stand together.
        let alone = |entry: &Entry| entry.rows.is_empty() && entry.mark != Mark::More;
        match entries.peek() {
            Some(next) if alone(entry) && alone(next) => {}
            _ => out.push('\n'),
        }
    }
    if !section.advice.is_empty() {
        out.push_str("  What to do:\n");
        for row in &section.advice {
            write_row(out, row, 0, style);
        }
        out.push('\n');
    }
}

fn write_entry(out: &mut String, entry: &Entry, style: Style) {
    let paint = match entry.mark {
        Mark::Create | Mark::TakeOver => Paint::Green,
        Mark::Update | Mark::Release => Paint::Yellow,
        Mark::Replace | Mark::Delete | Mark::Refused => Paint::Red,
        Mark::Waits | Mark::Note | Mark::More => Paint::Cyan,
    };
    let symbol = style.paint(paint, &format!("{:>3}", entry.mark.symbol()));
    let why = if entry.why.is_empty() {
        String::new()
    } else {
        format!("  ({})", entry.why)
    };
    let lines = style.fold(&format!("{}{why}", entry.head), 4, HANGING);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            let _ = writeln!(out, "    {line}");
            continue;
        }
        let line = match line.strip_prefix(&entry.head) {
            Some(rest) if entry.mark != Mark::More => {
                format!("{}{rest}", style.paint(Paint::Bold, &entry.head))
            }
            _ => line.clone(),
        };
        let _ = writeln!(out, "{symbol} {line}");
    }
    for row in &entry.rows {
        write_row(out, row, 0, style);
    }
}

fn write_row(out: &mut String, row: &Row, depth: usize, style: Style) {
    let indent = ROW + depth * NESTED;
    let paint = match row.sign {
        Sign::Add => Some(Paint::Green),
        Sign::Remove | Sign::Refused => Some(Paint::Red),
        Sign::Change => Some(Paint::Yellow),
        Sign::Waits => Some(Paint::Cyan),
        Sign::Same | Sign::Plain => None,
    };
    let painted =
        |text: &str| paint.map_or_else(|| text.to_owned(), |paint| style.paint(paint, text));
    let before = indent + if row.sign == Sign::Plain { 0 } else { 2 };
    for (index, line) in style.fold(&row.text, before, HANGING).iter().enumerate() {
        // Lines of a value are painted whole, so that a difference is seen at once.
        let line = if depth > 0 {
            painted(line)
        } else {
            line.clone()
        };
        let sign = match (row.sign.symbol(), index) {
            (None, _) => String::new(),
            (Some(sign), 0) => format!("{} ", painted(&sign.to_string())),
            (Some(_), _) => "  ".to_owned(),
        };
        let text = format!("{:indent$}{sign}{line}", "");
        let _ = writeln!(out, "{}", text.trim_end());
    }
    for nested in &row.nested {
        write_row(out, nested, depth + 1, style);
    }
}
