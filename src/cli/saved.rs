//! Saved plans: `plan --out FILE` writes one, `apply --plan FILE` makes it as it was shown or not at all.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use indicatif::MultiProgress;

use crate::clock::{Clock, Entropy};
use crate::execute::StepResult;
use crate::plan::Action;
use crate::reconcile::{Pass, Reconciler};
use crate::render::{Page, left_out, status, text};
use crate::saved::plan::{Options, SavedKey, SavedPlan, SavedSource, Terms};
use crate::store::{read_at_most, replace};

use super::apply::{Apply, Told, exit_of};
use super::args::SourceArgs;
use super::connect::{Refused, could_not_observe};
use super::exit::Exit;
use super::ndjson::{Both, Ndjson};
use super::out::Out;
use super::plan::{refuse, show};
use super::policy;
use super::progress::{Interrupt, Live};
use super::source::load;

/// The longest life of a saved plan: beyond that nobody remembers what was shown.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A saved plan beyond this is not read: a plan of 10,000 objects with all they rest on comes to some 30 MB.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How many things that moved are listed.
const LISTED: usize = 50;

/// What a plan that is saved was made with.
pub(super) struct Made<'a> {
    pub(super) file: &'a Path,
    pub(super) life: Duration,
    pub(super) source: SavedSource,
    pub(super) revision: String,
    pub(super) base: Option<String>,
    pub(super) options: Options,
}

/// Parses a saved plan's life.
pub(super) fn parse_life(text: &str) -> Result<Duration, String> {
    match super::args::parse_duration(text)? {
        life if life.is_zero() => Err("a saved plan lives longer than no time at all".to_owned()),
        life if life > LONGEST_LIFE => Err("a saved plan lives at most 30 days (720h)".to_owned()),
        life => Ok(life),
    }
}

/// Writes a plan to a file that nobody else may read, whole or not at all.
pub(super) fn save(
    out: &mut Out,
    made: Made<'_>,
    pass: &Pass,
    reconciler: &Reconciler,
    clock: Clock,
) -> Result<()> {
    let mut entropy = Entropy::system();
    let created = clock.now();
    let expires = created
        .checked_add(made.life)
        .context("the plan would expire beyond all time")?;
    let terms = Terms {
        id: format!("{:016x}{:016x}", entropy.bits(), entropy.bits()),
        created,
        expires,
        bucket: reconciler.bucket().to_owned(),
        source: made.source,
        revision: made.revision,
        base: made.base,
        options: made.options,
    };
    let saved = SavedPlan::new(terms, &pass.plan);
    let shown = made.file.display();
    replace(made.file, &saved.to_bytes())
        .with_context(|| format!("the plan cannot be saved as {shown}"))?;
    out.note(&format!(
        "Saved as {shown}. Until {expires:.0} this makes it as it is shown, or not at all:\n  catalogd apply --plan {shown}"
    ));
    Ok(())
}

/// Where manifests come from, for whoever applies a plan elsewhere: without credentials.
pub(super) fn source_of(args: &SourceArgs) -> Result<SavedSource> {
    if let Some(remote) = args.remote()? {
        return Ok(SavedSource::Git {
            url: without_credentials(remote.url),
            reference: remote.reference.to_owned(),
            path: remote.path.to_owned(),
        });
    }
    let folder = std::fs::canonicalize(args.folder())
        .with_context(|| format!("{} cannot be found", args.folder().display()))?;
    let text = folder.to_str().map(str::to_owned);
    let text = text.context("the folder's path is not UTF-8, so no file can name it")?;
    Ok(SavedSource::Folder(text))
}

/// A URL without a password, and over http without a user and a query as well, which may be tokens.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let http = matches!(scheme, "http" | "https");
    let rest = match http {
        true => rest.split(['?', '#']).next().unwrap_or(rest),
        false => rest,
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) if http => host.to_owned(),
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or(user);
            format!("{user}@{host}")
        }
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{path}")
}

/// The name that a saved plan has once it was applied.
fn used_name(file: &Path) -> PathBuf {
    let mut used = file.as_os_str().to_owned();
    used.push(".used");
    used.into()
}

fn read(file: &Path) -> Result<SavedPlan> {
    let shown = file.display();
    let read = match read_at_most(file, LARGEST) {
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::NotFound && used_name(file).exists() => {
            let used = used_name(file);
            let why = format!("it was applied before, and is {} now", used.display());
            return Err(stale(file, &[why]).into());
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    };
    let Some(bytes) = read else {
        bail!("{shown} is larger than a saved plan can be");
    };
    SavedPlan::parse(&bytes).map_err(|damage| stale(file, &[damage.to_string()]).into())
}

/// The refusal of a plan, with all that moved.
fn stale(file: &Path, moved: &[String]) -> Refused {
    let mut lines: Vec<&str> = moved.iter().take(LISTED).map(String::as_str).collect();
    let more = format!("and {} more", moved.len().saturating_sub(LISTED));
    if moved.len() > LISTED {
        lines.push(&more);
    }
    let file = file.display();
    Refused {
        exit: Exit::Stale,
        message: format!(
            "the saved plan {file} can't be applied any more; nothing was written:\n    {}\n  next: make a new one: catalogd plan --out {file}",
            lines.join("\n    ")
        ),
    }
}

impl Apply {
    /// Makes a saved plan: its calls and no others, in one pass.
    pub(super) async fn saved(
        self,
        file: &Path,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
        lines: Option<Arc<Ndjson>>,
        told: &mut Told,
    ) -> Result<Exit> {
        if !self.target.resend_secrets.is_empty() {
            bail!(
                "--resend-secrets is said when a plan is made\n  next: make a new one with it, and apply that"
            );
        }
        let saved = read(file)?;
        let given = self.policy.read(out)?;
        let source = self.source.or(&saved.source);
        let state = self.target.state.as_deref();
        let mut connected = self.target.connect(clock, Some(source.folder())).await?;
        let reconciler = &mut connected.reconciler;
        let mut moved = saved.misplaced(reconciler.identity(), reconciler.bucket(), clock.now());
        if reconciler.is_used(&saved.id) {
            moved.push("it was applied before".to_owned());
        }
        // Another account's catalog says nothing of this one, and its git may be another as well.
        if !moved.is_empty() {
            return Err(stale(file, &moved).into());
        }
        let snapshot = source.open(state)?.read().await?;
        let revision = snapshot.revision.full();
        if revision != saved.revision {
            let moved = format!("git: {} in the plan, {revision} now", saved.revision);
            return Err(stale(file, &[moved]).into());
        }
        let loaded = load(out, &snapshot, Some(&connected.target));
        if refuse(out, &loaded, saved.options.partial) {
            return Ok(Exit::Invalid);
        }
        let Some(rules) = policy::all(out, &given, &loaded) else {
            return Ok(Exit::Invalid);
        };
        let base = match &saved.base {
            Some(base) => Some(source.base(base, state, &connected.target).await?),
            None => None,
        };
        let base = base.as_ref();
        let touched = saved.touched();
        let reconciler = &mut connected.reconciler;
        reconciler.judge_by(rules, &snapshot.revision.to_string());
        reconciler.only(Some(touched.clone()));
        reconciler.allow_removals(saved.options.allow_deletes);
        reconciler.allow_by_commit(&revision, snapshot.allowed_removals());
        let resend = saved.options.resend_secrets.iter();
        reconciler.resend_secrets(resend.map(|key| key.0.clone()).collect());
        out.note(&format!(
            "{}, manifests of {}, the plan saved in {} at {:.0}",
            connected.greeting,
            snapshot.revision,
            file.display(),
            saved.created
        ));
        let interrupt = Interrupt::abrupt(&bars);
        let mut pass = reconciler.plan(&loaded.desired, base).await;
        told.calls = reconciler.calls();
        if let Some(refused) = could_not_observe(&pass.observed) {
            return Err(refused.into());
        }
        let page = |plan| Page {
            revision: Some(&snapshot.revision),
            rates: connected.rates,
            findings: &loaded.findings,
            ..Page::of(plan)
        };
        // What a rule denied when the plan was made is no part of it: this is about what was allowed then.
        if pass.plan.is_denied() {
            match &lines {
                Some(lines) => lines.plan(&page(&pass.plan)),
                None => out.result(&text::verdicts(&pass.plan, out.style())),
            }
            out.error(
                "error: the team's own rules deny the saved plan; nothing was written\n  \
                 next: mend what they name, or wait until they allow it, and make a new plan",
            );
            return Ok(Exit::Blocked);
        }
        let moved = saved.moved(&pass.plan);
        if !moved.is_empty() {
            return Err(stale(file, &moved).into());
        }
        // That the others are left out is the plan's own doing, and was shown.
        pass.plan.left_out.clear();
        match &lines {
            Some(lines) => lines.plan(&page(&pass.plan)),
            None if touched.is_empty() => out.result("The saved plan has no changes."),
            None => show(out, &page(&pass.plan)),
        }
        let mut exit = Exit::Done;
        let mut complete = true;
        if pass.plan.has_changes() {
            used(file, &saved, reconciler)?;
            let deadline = interrupt.stop.child_token();
            let timer = {
                let (deadline, timeout) = (deadline.clone(), self.timeout);
                tokio::spawn(async move {
                    clock.sleep(timeout).await;
                    deadline.cancel();
                })
            };
            let live = Live::new(out, bars.clone(), &interrupt);
            live.begin(&pass.plan);
            let lines = lines.clone();
            let both = Both { live, lines };
            let outcome = reconciler.execute(&pass.plan, &deadline, &both).await;
            both.live.finish();
            if let Some(lines) = &both.lines {
                lines.pass(&outcome);
            }
            told.calls = reconciler.calls();
            timer.abort();
            if interrupt.stop.is_cancelled() {
                out.note(
                    "Interrupted. What runs goes on at the service; make a new plan to go on.",
                );
                return Ok(Exit::Interrupted);
            }
            complete = outcome.is_complete();
            let unfinished = |result: &StepResult| {
                matches!(
                    result,
                    StepResult::Unfinished { .. } | StepResult::NotStarted
                )
            };
            if outcome.results.values().any(unfinished) {
                exit = Exit::Deadline;
            }
            if outcome.failures().next().is_some() {
                exit = exit.max(Exit::Partial);
            }
        }
        let only = saved.options.only.as_ref();
        let only = only.map(|keys| keys.iter().map(|key| key.0.clone()).collect());
        reconciler.only(only);
        let after = reconciler.plan(&loaded.desired, base).await;
        exit = exit.max(exit_of(&after));
        if !loaded.desired.broken.is_empty() || loaded.desired.incomplete {
            exit = exit.max(Exit::Partial);
        }
        let waited: BTreeSet<_> = saved.waiting.iter().map(|key| key.0.clone()).collect();
        let objects = || after.plan.objects.iter();
        let differs = objects().filter(|object| object.action != Action::None);
        let (ours, others): (Vec<_>, Vec<_>) =
            differs.partition(|o| touched.contains(&o.key) || waited.contains(&o.key));
        if after.plan.is_waiting() || (complete && !ours.is_empty()) {
            exit = exit.max(Exit::Deadline);
        }
        let whole = saved.options.only.is_none() && others.is_empty();
        if exit == Exit::Done && whole {
            reconciler.applied(&revision);
        }
        // Where standard output is a program's, the last line has this.
        if lines.is_none() {
            out.result(&format!(
                "\n{}",
                status::status(&after.statuses, out.style())
            ));
        }
        if let Some(left_out) = left_out(&after.plan) {
            out.note(&format!("Warning: {left_out}."));
        }
        if !others.is_empty() {
            let named: Vec<String> = others.iter().map(|o| o.key.to_string()).collect();
            out.note(&format!(
                "Not in the saved plan, differs by now, and was left alone: {}",
                named.join(", ")
            ));
        }
        let calls = connected.reconciler.calls();
        told.calls = calls;
        told.statuses = after.statuses;
        out.note(&match exit {
            Exit::Done => format!("The saved plan was made, with {calls} calls."),
            Exit::Deadline => "The saved plan was made in one pass, and something still waits: make a new plan, or apply the manifests."
                .to_owned(),
            Exit::Blocked => "The saved plan was made; something else is blocked.".to_owned(),
            _ => "The saved plan was made in part: see the objects above.".to_owned(),
        });
        Ok(exit)
    }
}

/// Marks a plan as used before its first call, so that a crash can't let it be used again.
fn used(file: &Path, saved: &SavedPlan, reconciler: &mut Reconciler) -> Result<()> {
    match std::fs::rename(file, used_name(file)) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = "somebody else is applying it, or took it away".to_owned();
            return Err(stale(file, &[why]).into());
        }
        Err(error) => {
            // A folder of artifacts may be read-only.
            tracing::warn!(file = %file.display(), %error, "the saved plan can't be marked as used");
        }
    }
    reconciler.use_plan(&saved.id, saved.expires);
    Ok(())
}

impl SourceArgs {
    /// The source that is named here or, where none is, the one that the plan was made of.
    fn or(&self, saved: &SavedSource) -> Self {
        if self.git.is_some() || self.folder.is_some() {
            return self.clone();
        }
        match saved {
            SavedSource::Folder(folder) => Self {
                folder: Some(folder.into()),
                ..self.clone()
            },
            SavedSource::Git {
                url,
                reference,
                path,
            } => self.at(url, reference, path),
        }
    }
}

/// Objects as a file names them.
pub(super) fn keys<'k>(keys: impl IntoIterator<Item = &'k crate::ids::Key>) -> Vec<SavedKey> {
    keys.into_iter().map(|key| SavedKey(key.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_are_kept() {
        for (url, kept) in [
            ("https://user:token@host/a.git", "https://host/a.git"),
            (
                "https://token@host:8443/a?private_token=x#y",
                "https://host:8443/a",
            ),
            ("ssh://git:word@host:22/a.git", "ssh://git@host:22/a.git"),
            ("ssh://git@host/a.git", "ssh://git@host/a.git"),
            ("git@host:team/a.git", "git@host:team/a.git"),
            ("/srv/a.git", "/srv/a.git"),
        ] {
            assert_eq!(without_credentials(url), kept);
        }
    }
}
