//! Reaches a catalog: the real AWS by its standard configuration, or the embedded one in this process.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::aws::client::{Aws, Settings};
use crate::aws::pace::{Pace, READS_PER_SECOND, WRITES_PER_SECOND};
use crate::clock::{Clock, Entropy};
use crate::emulator::faults::Faults;
use crate::emulator::{self, Emulator, InProcess, Profile};
use crate::execute::Patience;
use crate::ids::Target;
use crate::model::observed::{Observed, Scope};
use crate::model::owner::Identity;
use crate::reconcile::Reconciler;
use crate::render::Rates;
use crate::store::Store;

use super::args::TargetArgs;
use super::exit::Exit;

/// The account of the embedded AWS.
const EMULATED_ACCOUNT: &str = "123456789012";
/// Its region where none is named.
const EMULATED_REGION: &str = "us-east-1";
/// The seed of an embedded AWS in this process: runs differ only by their timing.
const EMULATED_SEED: u64 = 1;

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refused {
    pub(super) exit: Exit,
    pub(super) message: String,
}

/// A catalog within reach.
pub(super) struct Connected {
    pub(super) reconciler: Reconciler,
    pub(super) target: Target,
    /// How fast calls go out.
    pub(super) rates: Option<Rates>,
    /// What is worth a line before anything else.
    pub(super) greeting: String,
}

impl TargetArgs {
    /// Connects. `seed_beside` is the source's folder: `<folder>.seed.yaml` is loaded into an embedded AWS.
    pub(super) async fn connect(
        &self,
        clock: Clock,
        seed_beside: Option<&Path>,
    ) -> Result<Connected> {
        let seed = seed_beside.and_then(seed_file);
        let seed = seed.filter(|path| path.is_file());
        self.connect_seeded(clock, seed.as_deref()).await
    }

    /// Connects. `seed` is loaded into an embedded AWS.
    pub(super) async fn connect_seeded(
        &self,
        clock: Clock,
        seed: Option<&Path>,
    ) -> Result<Connected> {
        let mut entropy = Entropy::system();
        let emulated = match self.emulator {
            Some(profile) => Some(embedded(profile, clock, seed).await?),
            None => None,
        };
        let pace = self.pace.unwrap_or(match self.emulator {
            Some(Profile::Instant | Profile::Local) => Pace::None,
            Some(Profile::Aws) | None => Pace::Default,
        });
        let settings = Settings {
            region: self
                .region
                .clone()
                .or_else(|| emulated.is_some().then(|| EMULATED_REGION.to_owned())),
            template_bucket: self.template_bucket.clone(),
            pace,
            static_credentials: emulated
                .is_some()
                .then(|| (EMULATED_ACCOUNT.to_owned(), "emulator".to_owned())),
            http: emulated.clone().map(InProcess::shared),
            clock,
            seed: entropy.bits(),
        };
        let aws = Aws::connect(settings).await.map_err(|error| {
            let exit = if error.is_credentials() {
                Exit::Credentials
            } else {
                Exit::Error
            };
            Refused {
                exit,
                message: error.to_string(),
            }
        })?;
        let target = aws.target().clone();
        let identity = Identity {
            installation: self.installation.clone(),
            target: target.clone(),
        };
        let store = match (&emulated, &self.state) {
            // An embedded AWS ends with the process: what was remembered of another one would only mislead.
            (Some(_), _) => None,
            (None, Some(root)) => open_store(root, &identity),
            (None, None) => open_store(&state_root(), &identity),
        };
        let patience = match pace {
            Pace::None => Patience::EMULATOR,
            Pace::Default => Patience::SERVICE,
        };
        let greeting = match &emulated {
            Some(_) => format!(
                "embedded AWS, account {} in {}",
                target.account, target.region
            ),
            None => format!("account {} in {}", target.account, target.region),
        };
        let mut reconciler = Reconciler::new(aws, identity, clock, entropy, patience, store);
        reconciler.resend_secrets(self.resend_secrets.iter().cloned().collect());
        Ok(Connected {
            reconciler,
            target,
            rates: rates(pace),
            greeting,
        })
    }
}

/// The pace as a page tells it.
fn rates(pace: Pace) -> Option<Rates> {
    match pace {
        Pace::None => None,
        Pace::Default => Some(Rates {
            reads: READS_PER_SECOND as u32,
            writes: WRITES_PER_SECOND as u32,
        }),
    }
}

/// Caches only: without them everything is the same, but slower.
fn open_store(root: &Path, identity: &Identity) -> Option<Store> {
    match Store::open(root, identity) {
        Ok(store) => Some(store),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "going on without it");
            None
        }
    }
}

async fn embedded(profile: Profile, clock: Clock, seed: Option<&Path>) -> Result<Emulator> {
    let emulator = Emulator::new(emulator::Options {
        clock,
        seed: EMULATED_SEED,
        profile,
        quotas: true,
        faults: Faults::default(),
    });
    if let Some(path) = seed {
        load_seed(&emulator, path).await?;
    }
    Ok(emulator)
}

/// Loads a seed file into an embedded AWS.
pub(super) async fn load_seed(emulator: &Emulator, path: &Path) -> Result<()> {
    emulator::seed::load(emulator, path)
        .await
        .with_context(|| format!("the seed {} cannot be loaded", path.display()))?;
    Ok(())
}

/// `<folder>.seed.yaml` beside a folder.
fn seed_file(folder: &Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let name = folder.file_name()?.to_str()?;
    Some(folder.with_file_name(format!("{name}.seed.yaml")))
}

/// Where caches lie by default: `$XDG_STATE_HOME/catalogd`, or `~/.local/state/catalogd`.
#[expect(
    clippy::disallowed_methods,
    reason = "cli is where the environment is read"
)]
pub(super) fn state_root() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("catalogd")
}

/// Whether so little could be read that a plan would say nothing: portfolios and products could not be listed for want
/// of permission, or there was no answer about any of them.
pub(super) fn could_not_observe(observed: &Observed) -> Option<Refused> {
    // What was denied says more than what failed after it.
    let gap = |scope: &Scope| {
        let gaps = observed.gaps.iter().filter(|gap| gap.scope == *scope);
        gaps.min_by_key(|gap| !gap.denied)
    };
    let (portfolios, products) = (gap(&Scope::Portfolios)?, gap(&Scope::Products)?);
    let denied = portfolios.denied && products.denied;
    let silent = observed.portfolios.is_empty() && observed.products.is_empty();
    if !(denied || silent) {
        return None;
    }
    let next = if denied {
        format!(
            "give the caller {} the permissions of deploy/iam-policy.json, or use other credentials (AWS_PROFILE)",
            observed.caller
        )
    } else {
        "check the network, the region, and AWS_ENDPOINT_URL where it is set".to_owned()
    };
    Some(Refused {
        exit: if denied {
            Exit::Credentials
        } else {
            Exit::Error
        },
        message: format!(
            "the catalog of {} cannot be read: {}: {}; {}: {}\n  next: {next}",
            observed.target,
            portfolios.operation,
            portfolios.reason,
            products.operation,
            products.reason,
        ),
    })
}
