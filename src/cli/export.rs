//! `catalogd export`: a live catalog as manifests and templates. Nothing is written to AWS.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::clock::Clock;
use crate::export::{Counts, Exported, Filter, TagFilter};
use crate::model::tree::Tree;
use crate::reconcile::export::Reading;

use super::args::TargetArgs;
use super::connect::could_not_observe;
use super::exit::Exit;
use super::out::Out;

/// Templates between two lines of progress, where nobody watches a bar.
const A_LINE_EACH: usize = 100;
/// Rights of the files: everybody may read what is to be committed.
const MODE: u32 = 0o644;

/// Writes a live catalog as manifests and templates.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Export {
    /// The folder to write to: absent or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// This portfolio and its products, by id or name, with what they need (repeatable)
    #[arg(long, value_name = "NAME|ID")]
    portfolio: Vec<String>,
    /// This product, by id or name, with what it needs (repeatable)
    #[arg(long, value_name = "NAME|ID")]
    product: Vec<String>,
    /// What has this tag, with what it needs (repeatable)
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = parse_tag)]
    tag: Vec<TagFilter>,
    /// Leave provisioned products out: they stay whose they are
    #[arg(long)]
    no_provisioned: bool,
    /// With --emulator: what is in the embedded AWS, as `catalogd emulator --seed` takes it
    #[arg(long, value_name = "FILE", requires = "emulator")]
    seed: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
}

const AFTER: &str = "Without a filter everything is written. Several filters add up. What is left out is said on stderr; \
    exit code 6 says that something could not be read, 3 that what was written is no valid source. docs/brownfield.md goes through it step by step.";

impl Export {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        refuse_unless_empty(&self.out)?;
        let mut connected = self
            .target
            .connect_seeded(clock, self.seed.as_deref())
            .await?;
        out.note(&connected.greeting);
        let reconciler = &mut connected.reconciler;
        let observed = reconciler.survey().await;
        if let Some(refused) = could_not_observe(&observed) {
            return Err(refused.into());
        }
        let filter = Filter {
            portfolios: self.portfolio,
            products: self.product,
            tags: self.tag,
            without_provisioned: self.no_provisioned,
        };
        let shown = Shown::new(bars, out.has_terminal());
        let exported = reconciler
            .export(&observed, &filter, &|reading| shown.reading(reading))
            .await;
        shown.bar.finish_and_clear();
        let exported = exported?;
        let written = write(&self.out, &exported);
        say(out, &exported);
        written?;
        out.result(&format!(
            "Wrote {} to {} ({} calls)",
            counted(&exported.counts),
            self.out.display(),
            reconciler.calls()
        ));
        let read = match exported.unread.is_empty() {
            true => Exit::Done,
            false => Exit::Partial,
        };
        let valid = match exported.is_valid() {
            true => Exit::Done,
            false => Exit::Invalid,
        };
        Ok(read.max(valid))
    }
}

/// What the export does not hold, and what `validate` would say of it.
fn say(out: &mut Out, exported: &Exported) {
    for line in &exported.left_out {
        out.note(&format!("left out: {}", one_line(line)));
    }
    for line in &exported.unread {
        out.note(&format!("not read: {}", one_line(line)));
    }
    if !exported.findings.is_empty() {
        // Without its line: what was exported is not to be shown twice.
        let text = crate::render::findings::to_text(&exported.findings, &Tree::default(), false);
        out.note(text.trim_end());
    }
    if !exported.is_valid() {
        out.note("the export is no valid source: mend the errors above by hand, and say what you exported in an issue");
    }
}

/// Texts of the service are harmless to a terminal, and take a line.
fn one_line(text: &str) -> String {
    crate::render::safe::line(text, crate::render::safe::MESSAGE)
}

pub(super) fn counted(counts: &Counts) -> String {
    let Counts {
        tag_options,
        service_actions,
        portfolios,
        products,
        versions,
        provisioned,
    } = *counts;
    let all = [
        (portfolios, "portfolio"),
        (products, "product"),
        (versions, "version"),
        (provisioned, "provisioned product"),
        (tag_options, "TagOption"),
        (service_actions, "service action"),
    ];
    let said = all.iter().filter(|(number, _)| *number > 0);
    let said: Vec<String> = said
        .map(|(number, word)| {
            let plural = if *number == 1 { "" } else { "s" };
            format!("{number} {word}{plural}")
        })
        .collect();
    match said.as_slice() {
        [] => "nothing, for there is nothing,".to_owned(),
        said => said.join(", "),
    }
}

/// An export overwrites nothing.
fn refuse_unless_empty(folder: &Path) -> Result<()> {
    let shown = folder.display();
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => bail!(
                "{shown} is not empty, and an export overwrites nothing\n  next: name a folder that is not there yet; compare the two with a diff"
            ),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{shown} cannot be written to")),
    }
}

/// Writes all files, or says how far it came.
fn write(folder: &Path, exported: &Exported) -> Result<()> {
    for (done, (path, bytes)) in exported.files.iter().enumerate() {
        let whole = folder.join(path);
        let result = whole.parent().map_or(Ok(()), std::fs::create_dir_all);
        let result = result.and_then(|()| {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(MODE)
                .open(&whole)?;
            file.write_all(bytes)?;
            file.sync_all()
        });
        result.with_context(|| {
            format!(
                "{} could not be written: {done} of {} files were, and nothing rests on them: remove {} and export again",
                whole.display(),
                exported.files.len(),
                folder.display()
            )
        })?;
    }
    Ok(())
}

/// Progress: a bar on a terminal, a line now and then elsewhere.
struct Shown {
    bar: ProgressBar,
    bars: MultiProgress,
    terminal: bool,
}

impl Shown {
    fn new(bars: MultiProgress, terminal: bool) -> Self {
        Self {
            bar: ProgressBar::hidden(),
            bars,
            terminal,
        }
    }

    fn reading(&self, reading: Reading) {
        match reading {
            Reading::Templates(0) => {}
            Reading::Templates(count) => {
                self.bar.set_length(count as u64);
                if self.terminal {
                    let style =
                        ProgressStyle::with_template("{bar:30} {pos}/{len} templates  {elapsed}");
                    self.bar
                        .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                    self.bars.add(self.bar.clone());
                } else {
                    self.line(&format!("reading {count} templates"));
                }
            }
            Reading::Read(count) => {
                self.bar.set_position(count as u64);
                if !self.terminal && count % A_LINE_EACH == 0 {
                    let all = self.bar.length().unwrap_or_default();
                    self.line(&format!("{count} of {all} templates"));
                }
            }
        }
    }

    fn line(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{text}");
    }
}

fn parse_tag(text: &str) -> Result<TagFilter, String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    match key {
        "" => Err("give KEY, or KEY=VALUE".to_owned()),
        key => Ok(TagFilter {
            key: key.to_owned(),
            value,
        }),
    }
}
