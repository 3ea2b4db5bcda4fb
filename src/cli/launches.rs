//! `catalogd launches`: what was launched in the account, whoever did. Nothing is written to AWS.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::clock::Clock;
use crate::render::launches::{to_json, to_text};

use super::args::{OutputFormat, TargetArgs};
use super::connect::Refused;
use super::exit::Exit;
use super::out::Out;

/// Lists what was launched, whoever did.
#[derive(Debug, Args)]
pub(super) struct Launches {
    /// Of this product only, by id or name
    #[arg(long, value_name = "NAME|ID")]
    product: Option<String>,
    /// How the list is printed; docs/launches.md has the JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
    /// With --emulator: what is in the embedded AWS, as `catalogd emulator --seed` takes it
    #[arg(long, value_name = "FILE", requires = "emulator")]
    seed: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
}

impl Launches {
    pub(super) async fn execute(self, out: &mut Out, clock: Clock) -> Result<Exit> {
        let connected = self
            .target
            .connect_seeded(clock, self.seed.as_deref())
            .await?;
        out.note(&connected.greeting);
        let mut launches = match connected.reconciler.launches().await {
            Ok(launches) => launches,
            Err(failure) if failure.is_denied() => {
                return Err(Refused {
                    exit: Exit::Credentials,
                    message: format!(
                        "what was launched cannot be read: {failure}\n  \
                         next: allow servicecatalog:SearchProvisionedProducts, or use other credentials (AWS_PROFILE)"
                    ),
                }
                .into());
            }
            Err(failure) => bail!("what was launched cannot be read: {failure}"),
        };
        if let Some(product) = &self.product {
            launches.retain(|o| o.product.as_str() == product || o.product_name == *product);
        }
        match self.format {
            OutputFormat::Text => out.result(&to_text(&launches, out.style())),
            OutputFormat::Json => {
                let json = to_json(&launches, &connected.target);
                out.result(&serde_json::to_string_pretty(&json)?);
            }
        }
        Ok(Exit::Done)
    }
}
