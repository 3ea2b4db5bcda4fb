//! `catalogd emulator`: serves the embedded AWS on a port, to the unchanged AWS SDKs and CLI.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::emulator::faults::Faults;
use crate::emulator::{self, Profile};

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
        let emulator = emulator::Emulator::new(emulator::Options {
            clock,
            seed: self.random_seed,
            profile: self.profile,
            quotas: self.quotas == "default",
            faults: Faults::default(),
        });
        if let Some(path) = &self.seed {
            load_seed(&emulator, path).await?;
        }
        let listener = tokio::net::TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let address = listener.local_addr()?;
        out.result(&format!("listening on http://{address}"));
        out.note(&format!(
            "  export AWS_ENDPOINT_URL=http://{address} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 \
             AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=any\n\
             The access key id names the account. Signatures are not checked. Ctrl-C stops it, and all is forgotten."
        ));
        let stop = Interrupt::graceful(bars).stop;
        emulator::server::serve(listener, emulator, stop.cancelled_owned()).await?;
        Ok(Exit::Done)
    }
}
