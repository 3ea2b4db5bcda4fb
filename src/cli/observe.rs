//! `catalogd observe`: what is live goes to a file, for plans that are made where nobody holds credentials.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::export::Counts;
use crate::saved::observation::{Observation, Terms};
use crate::store::replace;

use super::args::{SourceArgs, TargetArgs};
use super::connect::could_not_observe;
use super::exit::Exit;
use super::export::counted;
use super::out::Out;
use super::plan::refuse;
use super::reading::Reading;
use super::source::load;

/// Writes what is live to a file, for plans without credentials.
#[derive(Debug, Args)]
pub(super) struct Observe {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// The file: `catalogd plan --against FILE` compares with it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Look although some manifests have errors
    #[arg(long)]
    partial: bool,
}

impl Observe {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        out.note(&format!("reading manifests of {} …", self.source.shown()));
        let state = self.target.state.as_deref();
        let snapshot = self.source.open(state)?.read().await?;
        let mut connected = self
            .target
            .connect(clock, Some(self.source.folder()))
            .await?;
        let loaded = load(out, &snapshot, Some(&connected.target));
        if refuse(out, &loaded, self.partial) {
            return Ok(Exit::Invalid);
        }
        let reconciler = &mut connected.reconciler;
        let reading = Reading::start(out, &bars, clock, reconciler.reads());
        let at = clock.now();
        let observed = reconciler.look(&loaded.desired).await;
        drop(reading);
        if let Some(refused) = could_not_observe(&observed) {
            return Err(refused.into());
        }
        let terms = Terms {
            identity: reconciler.identity(),
            at,
            revision: &snapshot.revision.to_string(),
            desired: &loaded.desired,
            dead: reconciler.dead(),
            tag_options: reconciler.former_tag_options(),
        };
        let shown = self.out.display();
        let said = || format!("the observation cannot be saved as {shown}");
        let bytes = Observation::new(terms, &observed)
            .with_context(said)?
            .to_bytes();
        // What could not be read back would help nobody.
        Observation::parse(&bytes).with_context(said)?;
        replace(&self.out, &bytes).with_context(said)?;
        let unread = match observed.gaps.len() {
            0 => String::new(),
            1 => "; one part could not be read, and stays unknown".to_owned(),
            many => format!("; {many} parts could not be read, and stay unknown"),
        };
        let versions = observed.products.values().map(|o| o.versions.len());
        let counts = Counts {
            tag_options: observed.tag_options.len(),
            service_actions: observed.service_actions.len(),
            portfolios: observed.portfolios.len(),
            products: observed.products.len(),
            versions: versions.sum(),
            provisioned: observed.provisioned.len(),
        };
        out.result(&format!(
            "Saved {} as {shown} ({} calls){unread}\n\
             Without credentials: catalogd plan --against {shown} PATH",
            counted(&counts),
            reconciler.calls(),
        ));
        Ok(Exit::Done)
    }
}
