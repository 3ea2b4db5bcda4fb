//! How plans are shown: the arguments for it, and each format's way out.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::clock::Clock;
use crate::git::Snapshot;
use crate::manifest::Loaded;
use crate::model::owner::Identity;
use crate::render::markdown::{self, Comment};
use crate::render::{Page, json, text};

use super::out::Out;

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum PlanFormat {
    /// For people
    Text,
    /// For programs: docs/plan-json.md
    Json,
    /// For a comment on a pull request: docs/plan.md
    Markdown,
}

/// How a plan is shown.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// How the plan is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PlanFormat,
    /// Fold nothing away: every object, every line of every value
    #[arg(long)]
    verbose: bool,
    /// Characters that a comment may have; GitHub takes 65536, GitLab 1000000, Bitbucket 32768
    #[arg(long, value_name = "N", default_value_t = markdown::LIMIT, value_parser = limit)]
    comment_limit: usize,
    /// Write the comments to files of this folder, plan-1.md and so on, in place of standard output
    #[arg(long, value_name = "DIR")]
    comment_dir: Option<PathBuf>,
}

fn limit(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    number
        .filter(|number| *number >= markdown::LEAST)
        .ok_or_else(|| format!("give a number, {} at least", markdown::LEAST))
}

impl ShowArgs {
    /// Shows a plan.
    pub(super) fn plan(&self, out: &mut Out, page: &Page<'_>) -> Result<()> {
        out.set_verbose(self.verbose);
        match self.format {
            PlanFormat::Text => out.result(&text::page(page, out.style())),
            PlanFormat::Json => out.result(&json::page(page)),
            PlanFormat::Markdown => self.comments(out, &markdown::page(page, self.comment()))?,
        }
        Ok(())
    }

    /// Says that no plan was made of manifests with errors. For people it is said on standard error, with the lines.
    pub(super) fn refused(
        &self,
        out: &mut Out,
        identity: &Identity,
        snapshot: &Snapshot,
        loaded: &Loaded,
        clock: Clock,
    ) -> Result<()> {
        let (revision, findings) = (&snapshot.revision, loaded.findings.as_slice());
        match self.format {
            PlanFormat::Text => {}
            PlanFormat::Json => {
                out.result(&json::refused(identity, revision, findings, clock.now()));
            }
            PlanFormat::Markdown => {
                let comments = markdown::refused(identity, revision, findings, self.comment());
                self.comments(out, &comments)?;
            }
        }
        Ok(())
    }

    fn comment(&self) -> Comment {
        Comment {
            limit: self.comment_limit,
            verbose: self.verbose,
        }
    }

    /// Each comment begins with its marker, so one stream of them can be cut apart again.
    fn comments(&self, out: &mut Out, comments: &[String]) -> Result<()> {
        let Some(folder) = &self.comment_dir else {
            out.result(&comments.join("\n"));
            return Ok(());
        };
        let shown = folder.display();
        std::fs::create_dir_all(folder).with_context(|| format!("{shown} cannot be made"))?;
        for (index, comment) in comments.iter().enumerate() {
            let file = folder.join(format!("plan-{}.md", index + 1));
            std::fs::write(&file, comment)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        // Parts of a longer plan before this one must not be posted with it.
        for number in comments.len() + 1.. {
            if std::fs::remove_file(folder.join(format!("plan-{number}.md"))).is_err() {
                break;
            }
        }
        Ok(())
    }
}
