//! `--only` and `--portfolio`: a plan for a part of the source.

use anyhow::{Result, bail};
use clap::Args;

use crate::ids::{Key, Name};
use crate::model::desired::Desired;
use crate::plan::{Plan, Selection};

use super::args::parse_key;

/// The heading of these arguments.
const PART: &str = "A part of the manifests";

/// Which objects a plan is for.
#[derive(Debug, Clone, Args)]
pub(super) struct SelectionArgs {
    /// Leave all but this object alone (KIND/NAME; repeatable)
    #[arg(long, help_heading = PART, value_name = "OBJECT", value_parser = parse_key)]
    only: Vec<Key>,
    /// Leave all alone but this portfolio, the products in it and what is launched from it (repeatable)
    #[arg(long, help_heading = PART, value_name = "NAME", value_parser = parse_name)]
    portfolio: Vec<Name>,
    /// And do not leave alone what these rest on
    #[arg(long, help_heading = PART)]
    with_dependencies: bool,
}

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).ok_or_else(|| "give the metadata.name of the portfolio's manifest".to_owned())
}

impl SelectionArgs {
    /// What they choose.
    ///
    /// # Errors
    /// Dependencies of nothing. Checked here: clap knows no "one of these".
    pub(super) fn selection(&self) -> Result<Selection> {
        let selection = Selection {
            only: self.only.iter().cloned().collect(),
            portfolios: self.portfolio.iter().cloned().collect(),
            dependencies: self.with_dependencies,
        };
        if selection.is_empty() && selection.dependencies {
            bail!(
                "--with-dependencies says of what --only and --portfolio name\n  next: add one of them, or leave it out"
            );
        }
        Ok(selection)
    }
}

/// Refuses names that mean nothing: a typo must not look like "nothing to do". What has left git is known to the plan alone.
pub(super) fn check(selection: &Selection, desired: &Desired, plan: &Plan) -> Result<()> {
    let unknown = selection.unknown(desired, plan);
    let Some((key, near)) = unknown.first() else {
        return Ok(());
    };
    let near: Vec<String> = near.iter().map(ToString::to_string).collect();
    let next = match near.as_slice() {
        [] => "give KIND/NAME as a plan shows it".to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    bail!("{key} is neither in the manifests nor an object of ours in the catalog\n  next: {next}")
}
