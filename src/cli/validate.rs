//! `catalogd validate`: manifests are checked offline.

use anyhow::Result;
use clap::Args;

use crate::manifest::{self, Severity};
use crate::render::findings;

use super::args::{OutputFormat, SourceArgs};
use super::exit::Exit;
use super::out::Out;

/// Checks manifests without reaching AWS.
#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    source: SourceArgs,
    /// How findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

impl Validate {
    pub(super) async fn execute(self, out: &mut Out) -> Result<Exit> {
        let snapshot = self.source.open(None)?.read().await?;
        let loaded = manifest::load(&snapshot.tree, &manifest::Context { target: None });
        match self.format {
            OutputFormat::Json => {
                let json = findings::to_json(&loaded.findings);
                out.result(&serde_json::to_string_pretty(&json)?);
            }
            OutputFormat::Text => {
                if !loaded.findings.is_empty() {
                    let color = out.stdout_color();
                    out.result(&findings::to_text(&loaded.findings, &snapshot.tree, color));
                }
                let desired = &loaded.desired;
                out.result(&format!(
                    "{}: {} portfolios, {} products with {} versions, {} provisioned products",
                    snapshot.revision,
                    desired.portfolios.len(),
                    desired.products.len(),
                    desired
                        .products
                        .values()
                        .map(|product| product.versions.len())
                        .sum::<usize>(),
                    desired.provisioned.len(),
                ));
            }
        }
        let invalid = loaded
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        Ok(if invalid { Exit::Invalid } else { Exit::Done })
    }
}
