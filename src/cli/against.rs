//! `catalogd plan --against FILE`: a plan against a saved observation. Nothing is called, and no credentials are looked for.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::model::owner::{Identity, Installation};
use crate::plan::{Input, Policy};
use crate::policy::{Asked, decide};
use crate::render::Page;
use crate::render::safe::{VALUE, line};
use crate::saved::observation::Observation;
use crate::store::read_at_most;

use super::exit::Exit;
use super::out::Out;
use super::plan::{Plan, ended, refuse};
use super::source::load;
use super::{policy, selection};

/// An observation beyond this is not read: a catalog of 10,000 products comes to some 30 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

impl Plan {
    pub(super) async fn offline(&self, file: &Path, out: &mut Out, clock: Clock) -> Result<Exit> {
        let selection = self.part.selection()?;
        let observation = read(file)?;
        let wrong = |why: String| anyhow!("{}: {why}", file.display());
        let identity = observation.identity().map_err(wrong)?;
        self.is_about(&identity, file)?;
        out.note(&format!("reading manifests of {} …", self.source.shown()));
        let state = self.target.state.as_deref();
        let given = self.policy.read(out)?;
        let snapshot = self.source.open(state)?.read().await?;
        let loaded = load(out, &snapshot, Some(&identity.target));
        let rules = match refuse(out, &loaded, self.partial) {
            true => None,
            false => policy::all(out, &given, &loaded),
        };
        let Some(rules) = rules else {
            self.show
                .refused(out, &identity, &snapshot, &loaded, clock)?;
            return Ok(Exit::Invalid);
        };
        let bucket = &observation.bucket();
        if let Some(named) = self
            .target
            .template_bucket
            .as_ref()
            .filter(|named| *named != bucket)
        {
            bail!(
                "{} was made with the template bucket {}, and not with {named}\n  next: make a new one with it, or leave it out",
                file.display(),
                line(bucket, VALUE)
            );
        }
        let base = match &self.base {
            Some(revision) => Some(self.source.base(revision, state, &identity.target).await?),
            None => None,
        };
        let observed = observation
            .observed(&loaded.desired, base.as_ref())
            .map_err(wrong)?;
        let terms = Policy {
            dead: observation.dead(),
            tag_options: observation.former_tag_options().map_err(wrong)?,
            allow_removals: self.allow_deletes.max(snapshot.allowed_removals()),
            only: selection.keys(&loaded.desired),
            ..Policy::default()
        };
        let input = Input {
            identity: &identity,
            desired: &loaded.desired,
            base: base.as_ref(),
            observed: &observed,
            policy: &terms,
            now: clock.now(),
        };
        let asked = Asked {
            rules: &rules,
            revision: &snapshot.revision.to_string(),
            now: Arc::new(move || clock.now()),
        };
        let plan = decide(&input, &asked);
        selection::check(&selection, &loaded.desired, &plan)?;
        let notice = format!(
            "compared with {}, read {:.0} ({}) for {}, and not with what is live now",
            file.display(),
            observation.at,
            age(observation.at, clock.now()),
            observation.revision,
        );
        let page = Page {
            revision: Some(&snapshot.revision),
            reads: Some(0),
            findings: &loaded.findings,
            notices: vec![notice],
            ..Page::of(&plan)
        };
        self.show.plan(out, &page)?;
        Ok(ended(&plan, self.detailed_exitcode))
    }

    /// The file says which catalog it is about. Who names one besides means that one.
    fn is_about(&self, identity: &Identity, file: &Path) -> Result<()> {
        let named = &self.target.installation;
        if *named != Installation::default() && *named != identity.installation {
            bail!(
                "{} is of the installation {}, and not of {named}\n  next: observe {named}, or leave --installation out",
                file.display(),
                identity.installation
            );
        }
        Ok(())
    }
}

fn read(file: &Path) -> Result<Observation> {
    let shown = file.display();
    let said = || format!("the observation {shown} cannot be read");
    let Some(bytes) = read_at_most(file, LARGEST).with_context(said)? else {
        bail!("{shown} is larger than {LARGEST} bytes, and no observation is");
    };
    Observation::parse(&bytes).map_err(|damage| {
        anyhow!(
            "{shown} can't be compared with: {damage}\n  next: make a new one where there are credentials: catalogd observe --out FILE PATH"
        )
    })
}

/// `2 hours ago`.
fn age(then: Timestamp, now: Timestamp) -> String {
    let since: SignedDuration = now.duration_since(then);
    let (number, unit) = match since.as_secs() {
        ..-60 => return "in the future".to_owned(),
        -60..60 => return "just now".to_owned(),
        seconds @ 60..3_600 => (seconds / 60, "minute"),
        seconds @ 3_600..86_400 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural} ago")
}
