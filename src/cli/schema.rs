//! `catalogd schema`: the manifest language as JSON Schema, for editors.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::manifest;

use super::exit::Exit;
use super::out::Out;

/// Prints the JSON Schema of the manifests.
///
/// Editors that have the YAML language server check and complete manifests by it, where a file's first line is
/// `# yaml-language-server: $schema=catalogd.schema.json` with the path to what this prints.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of this kind alone
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    kind: Option<String>,
}

impl Schema {
    pub(super) async fn execute(self, out: &mut Out) -> Result<Exit> {
        let schema =
            manifest::json_schema(self.kind.as_deref()).context("there is no such kind")?;
        out.result(&serde_json::to_string_pretty(&schema)?);
        Ok(Exit::Done)
    }
}

fn parse_kind(text: &str) -> Result<String, String> {
    let known = manifest::kinds();
    match known.iter().find(|known| known.eq_ignore_ascii_case(text)) {
        Some(known) => Ok((*known).to_owned()),
        None => Err(format!("the kinds are {}", known.join(", "))),
    }
}
