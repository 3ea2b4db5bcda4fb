//! `catalogd emulator`: serves the embedded AWS on a port, to the unchanged AWS SDKs and CLI.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::emulator::faults::Faults;
use crate::emulator::{self, Profile};
use crate::store;

use super::connect::load_seed;
use super::exit::Exit;
use super::out::Out;
use super::progress::Interrupt;

/// Serves the embedded AWS.
#[derive(Debug, Args)]
pub(super) struct Emulator {
    /// Where to listen; signatures are not checked, so keep it on this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// Calls to make at the start, as a YAML list
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Where everything is kept between runs: read at the start if it is there, written at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What shall go wrong, as YAML (docs/emulator.md)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// How it behaves: instant (no delays), local (short ones), aws (delays, lag and throttling as at AWS)
    #[arg(long, value_name = "PROFILE", default_value = "local")]
    profile: Profile,
    /// default or none
    #[arg(long, value_name = "QUOTAS", default_value = "default", value_parser = ["default", "none"])]
    quotas: String,
    /// The seed of everything that looks random: the same seed gives the same run
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    random_seed: u64,
}

impl Emulator {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: &MultiProgress,
    ) -> Result<Exit> {
        let faults = self.faults.as_deref().map(read_faults).transpose()?;
        let faults = faults.unwrap_or_default();
        let emulator = emulator::Emulator::new(emulator::Options {
            clock,
            seed: self.random_seed,
            profile: self.profile,
            quotas: self.quotas == "default",
            faults,
        });
        let kept = self.state.as_deref().map(|path| restore(&emulator, path));
        match (&self.seed, kept.transpose()?.unwrap_or(false)) {
            // What the seed made is in the state, and a second time it would collide.
            (Some(seed), true) => {
                out.note(&format!(
                    "  {} is left out: there is a state",
                    seed.display()
                ));
            }
            (Some(seed), false) => load_seed(&emulator, seed).await?,
            (None, _) => {}
        }
        // Written once at the start: a place where nothing can be kept is better known now.
        self.keep(&emulator)?;
        let listener = tokio::net::TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let address = listener.local_addr()?;
        out.result(&format!("listening on http://{address}"));
        out.note(&format!(
            "  export AWS_ENDPOINT_URL=http://{address} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 \
             AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=any\n\
             The access key id names the account. Signatures are not checked. Ctrl-C stops it{}.",
            if self.state.is_some() {
                ", and keeps everything"
            } else {
                ", and all is forgotten"
            }
        ));
        let stop = Interrupt::graceful(bars).stop;
        emulator::server::serve(listener, emulator.clone(), stop.cancelled_owned()).await?;
        self.keep(&emulator)?;
        Ok(Exit::Done)
    }

    fn keep(&self, emulator: &emulator::Emulator) -> Result<()> {
        let Some(path) = &self.state else {
            return Ok(());
        };
        let state = emulator.state()?;
        store::replace(path, state.as_bytes())
            .with_context(|| format!("the state cannot be kept in {}", path.display()))
    }
}

fn read_faults(path: &Path) -> Result<Faults> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the faults {} cannot be read", path.display()))?;
    let faults: Option<Faults> = serde_yaml::from_str(&text)
        .with_context(|| format!("{} does not say faults", path.display()))?;
    Ok(faults.unwrap_or_default())
}

/// Loads the state that an earlier run kept; false if there is none.
fn restore(emulator: &emulator::Emulator, path: &Path) -> Result<bool> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            let context = format!("the state {} cannot be read", path.display());
            return Err(anyhow::Error::new(error).context(context));
        }
    };
    let restored = emulator.restore(&text);
    restored.with_context(|| format!("the state {} cannot be used", path.display()))?;
    Ok(true)
}
