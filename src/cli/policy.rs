//! The team's own rules: those of the source, and those that are given apart, which no change of the source reaches.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::manifest::{self, Finding, Loaded};
use crate::model::tree::Tree;
use crate::render::findings;
use crate::rule::{FILE_BYTES, Rules};

use super::out::Out;

/// Rules that are given apart.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Rules of your own besides those of PATH/catalogd.yaml, in a file of the same shape: no change of the manifests
    /// reaches it (repeatable)
    #[arg(long, help_heading = super::args::SOURCE, value_name = "FILE")]
    policy: Vec<PathBuf>,
}

impl PolicyArgs {
    /// Reads the rules that are given apart, and says what is wrong with them; then [`Rules::broken`] is set.
    pub(super) fn read(&self, out: &mut Out) -> Result<Rules> {
        let mut rules = Rules::default();
        for path in &self.policy {
            let shown = path.display().to_string();
            let said = || format!("the rules {shown} cannot be read");
            let size = std::fs::metadata(path).with_context(said)?.len();
            if size > FILE_BYTES as u64 {
                bail!(
                    "{}: the file has {size} bytes: {FILE_BYTES} are allowed",
                    said()
                );
            }
            let bytes = std::fs::read(path).with_context(said)?;
            let (own, findings) = manifest::rules(&shown, &bytes);
            say(out, &findings, &Tree::of([(shown.as_str(), bytes)]));
            let (all, twins) = manifest::joined(&rules, &own);
            say(out, &twins, &Tree::default());
            rules = all;
        }
        Ok(rules)
    }
}

/// The rules of a source together with those given apart; `None`, and said, where some of them could not be read: nobody
/// knows what they would have refused.
pub(super) fn all(out: &mut Out, given: &Rules, loaded: &Loaded) -> Option<Rules> {
    let (rules, twins) = manifest::joined(given, &loaded.rules);
    say(out, &twins, &Tree::default());
    if rules.broken {
        refuse(out);
        return None;
    }
    Some(rules)
}

/// Says that nothing is done without rules that can be read.
pub(super) fn refuse(out: &mut Out) {
    out.error(
        "error: the team's own rules have errors; nothing was planned or written\n  \
         next: mend them: --partial does not pass over rules",
    );
}

fn say(out: &mut Out, all: &[Finding], tree: &Tree) {
    if !all.is_empty() {
        out.note(&findings::to_text(all, tree, out.stderr_color()));
    }
}
