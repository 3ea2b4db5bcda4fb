//! `catalogd iam-policy`: the least rights that a catalog's plan and apply need.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::manifest;
use crate::render::findings;
use crate::rights::{self, MOST_CHARACTERS, Needs, Place, Purpose};

use super::args::SourceArgs;
use super::exit::Exit;
use super::out::Out;

/// What stands for what is not known.
const ANY: &str = "*";

/// Prints the least IAM policy that plan or apply of these manifests need.
///
/// Offline: account and region are given, or stand as `*`. What the policy can't say goes to stderr.
#[derive(Debug, Args)]
pub(super) struct IamPolicy {
    #[command(flatten)]
    source: SourceArgs,
    /// What the role may do: plan reads, apply reads and writes
    #[arg(long = "for", value_name = "COMMAND", default_value = "apply")]
    purpose: For,
    /// Of any catalog, not of these manifests: every call that catalogd makes
    #[arg(long, conflicts_with_all = ["folder", "git"])]
    all: bool,
    /// The catalog's account; otherwise any
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Option<String>,
    /// The catalog's region; otherwise any
    #[arg(
        long,
        value_name = "REGION",
        env = "AWS_REGION",
        hide_env_values = true
    )]
    region: Option<String>,
    /// The catalog's partition; otherwise the region's
    #[arg(long, value_name = "PARTITION")]
    partition: Option<String>,
    /// The bucket for templates; otherwise catalogd-ACCOUNT-REGION
    #[arg(
        long,
        value_name = "BUCKET",
        env = "CATALOGD_TEMPLATE_BUCKET",
        hide_env_values = true
    )]
    template_bucket: Option<String>,
    /// Which part, where the policy is too large for a managed one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    part: Option<u8>,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    format: Format,
}

/// What the role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum For {
    /// Reading alone
    Plan,
    /// Reading and writing
    Apply,
}

/// How the policy is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As IAM takes it
    Json,
}

impl IamPolicy {
    pub(super) async fn execute(self, out: &mut Out) -> Result<Exit> {
        let place = self.place();
        let needs = if self.all {
            Needs::everything(place)
        } else {
            let snapshot = self.source.open(None)?.read().await?;
            let context = manifest::Context {
                target: Some(place.target()),
            };
            let loaded = manifest::load(&snapshot.tree, &context);
            if loaded.has_errors() {
                let color = out.stderr_color();
                let text = findings::to_text(&loaded.findings, &snapshot.tree, color);
                out.error(text.trim_end());
                return Ok(Exit::Invalid);
            }
            Needs::of(&loaded.desired, place)
        };
        let purpose = match self.purpose {
            For::Plan => Purpose::Plan,
            For::Apply => Purpose::Apply,
        };
        let parts = rights::policy(&needs, purpose).parts();
        let Format::Json = self.format;
        let wanted = usize::from(self.part.unwrap_or(1));
        let Some(part) = parts.get(wanted - 1) else {
            bail!(
                "there is no part {wanted}\n  next: the policy has {}",
                parts.len()
            );
        };
        if self.part.is_none() && parts.len() > 1 {
            bail!(
                "IAM takes {MOST_CHARACTERS} characters in a managed policy, and this one has more\n  next: print it in {} parts with --part 1 to --part {}, and attach them all",
                parts.len(),
                parts.len()
            );
        }
        out.result(&serde_json::to_string_pretty(part)?);
        for remark in needs.remarks(purpose) {
            out.error(&format!("note: {remark}"));
        }
        Ok(Exit::Done)
    }

    fn place(&self) -> Place {
        let region = self.region.as_deref().filter(|region| !region.is_empty());
        let region = region.unwrap_or(ANY).to_owned();
        let partition = match &self.partition {
            Some(partition) => partition.clone(),
            None if region.starts_with("cn-") => "aws-cn".to_owned(),
            None if region.starts_with("us-gov-") => "aws-us-gov".to_owned(),
            None => "aws".to_owned(),
        };
        Place {
            account: self.account.clone().unwrap_or_else(|| ANY.to_owned()),
            region,
            partition,
            bucket: self.template_bucket.clone(),
        }
    }
}

fn parse_account(text: &str) -> Result<String, String> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    match text {
        ANY => Ok(text.to_owned()),
        _ if digits && text.len() == 12 => Ok(text.to_owned()),
        _ => Err("an account has twelve digits".to_owned()),
    }
}
