//! Arguments that several commands take.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::aws::pace::Pace;
use crate::emulator::Profile;
use crate::ids::{Key, Kind, Name};
use crate::model::owner::Installation;
use crate::telemetry::Format;

use super::out::Color;

/// Where the arguments of every command stand in its help: last, as nobody reads them first.
const EVERYWHERE: &str = "Everywhere";
/// The heading of [`SourceArgs`].
pub(super) const SOURCE: &str = "Manifests";
/// The heading of [`TargetArgs`].
const TARGET: &str = "Catalog";

/// Arguments of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// What is logged to stderr: a level, or `catalogd=debug,warn`
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILTER",
        env = "CATALOGD_LOG",
        default_value = "warn",
        hide_env_values = true
    )]
    pub(super) log: String,
    /// How it is logged: text or json
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(super) log_format: Format,
    /// When colours are used
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(super) color: Color,
}

/// Where manifests come from.
#[derive(Debug, Clone, Args)]
pub(super) struct SourceArgs {
    /// A folder with manifests, uncommitted edits included [default: .]
    #[arg(value_name = "PATH", conflicts_with = "git")]
    pub(super) folder: Option<PathBuf>,
    /// A git repository instead: https://…, ssh://…, user@host:path or a path
    #[arg(long, help_heading = SOURCE, value_name = "URL")]
    pub(super) git: Option<String>,
    /// The branch, tag or commit to read from the repository; otherwise its HEAD
    #[arg(long = "ref", help_heading = SOURCE, value_name = "REF")]
    pub(super) reference: Option<String>,
    /// The folder with manifests within the repository; otherwise its root
    #[arg(long, help_heading = SOURCE, value_name = "SUB")]
    pub(super) path: Option<String>,
    /// The user for https; a token's host may want one
    #[arg(long, env = "CATALOGD_GIT_USERNAME", hide = true)]
    pub(super) git_username: Option<String>,
    /// The token for https: by environment only, so that no process list shows it
    #[arg(long, env = "CATALOGD_GIT_TOKEN", hide = true, hide_env_values = true)]
    pub(super) git_token: Option<String>,
}

/// A repository, a ref of it and a folder in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remote<'a> {
    pub(super) url: &'a str,
    pub(super) reference: &'a str,
    pub(super) path: &'a str,
}

impl SourceArgs {
    /// The folder, where no repository is named.
    pub(super) fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new("."))
    }

    /// The same credentials for a repository that is named elsewhere.
    pub(super) fn at(&self, url: &str, reference: &str, path: &str) -> Self {
        Self {
            folder: None,
            git: Some(url.to_owned()),
            reference: Some(reference.to_owned()),
            path: Some(path.to_owned()),
            git_username: self.git_username.clone(),
            git_token: self.git_token.clone(),
        }
    }

    /// The repository to read, or `None` for the folder.
    ///
    /// Checked here: clap's `requires` is silent wherever PATH is given.
    pub(super) fn remote(&self) -> anyhow::Result<Option<Remote<'_>>> {
        match (&self.git, &self.reference, &self.path) {
            (Some(url), reference, path) => Ok(Some(Remote {
                url,
                reference: reference.as_deref().unwrap_or("HEAD"),
                path: path.as_deref().unwrap_or(""),
            })),
            (None, Some(_), _) => bail!(
                "--ref is for repositories\n  next: name one with --git, or leave --ref out: a folder is read as it is"
            ),
            (None, None, Some(_)) => bail!(
                "--path is for repositories\n  next: name one with --git, or give the folder itself as PATH"
            ),
            (None, None, None) => Ok(None),
        }
    }
}

/// Which catalog, and how it is reached.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// Work on an embedded AWS in this process, without an account; PROFILE is instant, local (the default) or aws
    #[arg(long, help_heading = TARGET, value_name = "PROFILE", num_args = 0..=1, require_equals = true, default_missing_value = "local")]
    pub(super) emulator: Option<Profile>,
    /// Whose objects these are: two installations never touch each other's
    #[arg(long, help_heading = TARGET, value_name = "NAME", env = "CATALOGD_INSTALLATION", hide_env_values = true, default_value = Installation::DEFAULT, value_parser = parse_installation)]
    pub(super) installation: Installation,
    /// The region; otherwise the AWS configuration's
    #[arg(long, help_heading = TARGET, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The bucket for templates; otherwise catalogd-ACCOUNT-REGION
    #[arg(long, help_heading = TARGET, value_name = "BUCKET", env = "CATALOGD_TEMPLATE_BUCKET", hide_env_values = true)]
    pub(super) template_bucket: Option<String>,
    /// The folder for caches (ids, version contents, fetched repositories); otherwise ~/.local/state/catalogd
    #[arg(long, help_heading = TARGET, value_name = "DIR", env = "CATALOGD_STATE", hide_env_values = true)]
    pub(super) state: Option<PathBuf>,
    /// How fast calls go out: default (10 reads and 4 writes a second) or none
    #[arg(long, help_heading = TARGET, value_name = "PACE", value_parser = parse_pace)]
    pub(super) pace: Option<Pace>,
    /// Send the NoEcho values of this object again (KIND/NAME; repeatable)
    #[arg(long, help_heading = TARGET, value_name = "OBJECT", value_parser = parse_key)]
    pub(super) resend_secrets: Vec<Key>,
}

/// How findings and plans are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

fn parse_installation(text: &str) -> Result<Installation, String> {
    Installation::parse(text).ok_or_else(|| {
        "an installation is named like a manifest: lower-case letters, digits and dashes, at most 63"
            .to_owned()
    })
}

fn parse_pace(text: &str) -> Result<Pace, String> {
    match text {
        "default" => Ok(Pace::Default),
        "none" => Ok(Pace::None),
        _ => Err("give `default` or `none`".to_owned()),
    }
}

pub(super) fn parse_key(text: &str) -> Result<Key, String> {
    let parsed = text.split_once('/').and_then(|(kind, name)| {
        let kind = Kind::ALL.into_iter().find(|known| known.slug() == kind)?;
        Some(Key::new(kind, Name::parse(name)?))
    });
    parsed
        .ok_or_else(|| "give KIND/NAME as a plan shows it, e.g. provisioned-product/hub".to_owned())
}

/// Parses `90s`, `5m`, `1h30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    jiff::SignedDuration::from_str(text)
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "give a time like 30s, 5m or 1h30m".to_owned())
}
