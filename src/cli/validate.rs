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
    /// How findings are printed; docs/findings.md lists them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

impl Validate {
    pub(super) async fn execute(self, out: &mut Out) -> Result<Exit> {
        let snapshot = self.source.open(None)?.read().await?;
        let loaded = manifest::load(&snapshot.tree, &manifest::Context { target: None });
        let invalid = loaded
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        match self.format {
            OutputFormat::Json => {
                let json = findings::to_json(&loaded.findings, &loaded.silenced);
                out.result(&serde_json::to_string_pretty(&json)?);
            }
            OutputFormat::Text => {
                if !loaded.findings.is_empty() {
                    let color = out.stdout_color();
                    out.result(&findings::to_text(&loaded.findings, &snapshot.tree, color));
                }
                let desired = &loaded.desired;
                let versions = desired.products.values().map(|p| p.versions.len());
                let versions: usize = versions.sum();
                let silenced = match loaded.silenced.len() {
                    0 => String::new(),
                    number => format!("; {} silenced", count(number, "warning")),
                };
                out.result(&format!(
                    "{}: {}, {} with {}, {} ({}){silenced}",
                    if invalid { "Without errors" } else { "Valid" },
                    count(desired.portfolios.len(), "portfolio"),
                    count(desired.products.len(), "product"),
                    count(versions, "version"),
                    count(desired.provisioned.len(), "provisioned product"),
                    snapshot.revision,
                ));
            }
        }
        Ok(if invalid { Exit::Invalid } else { Exit::Done })
    }
}

fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}
