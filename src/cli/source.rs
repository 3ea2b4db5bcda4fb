//! Opens the source of manifests, and reads it once for the commands that run once.

use anyhow::{Context as _, Result};

use crate::daemon::source::Source;
use crate::git::{
    Access, Credentials, Folder, Location, Repository, RepositoryOptions, Snapshot, off_thread,
    shown,
};
use crate::ids::Target;
use crate::manifest::{self, Loaded};
use crate::model::desired::Desired;
use crate::render::findings;

use super::args::{Remote, SourceArgs};
use super::connect::state_root;
use super::out::Out;

impl SourceArgs {
    /// Opens the source.
    pub(super) fn open(&self, state: Option<&std::path::Path>) -> Result<Source> {
        match self.remote()? {
            None => Ok(Folder::open(self.folder())?.into()),
            Some(remote) => Ok(Repository::open(self.options(remote, state)?)?.into()),
        }
    }

    /// The source for people.
    pub(super) fn shown(&self) -> String {
        match &self.git {
            Some(url) => shown(url),
            None => self.folder().display().to_string(),
        }
    }

    fn options(
        &self,
        remote: Remote<'_>,
        state: Option<&std::path::Path>,
    ) -> Result<RepositoryOptions> {
        let credentials = self
            .git_token
            .clone()
            .map(|token| Credentials::new(self.git_username.clone(), token));
        Ok(RepositoryOptions {
            location: Location::parse(remote.url)?,
            reference: remote.reference.to_owned(),
            path: remote.path.to_owned(),
            cache: state
                .map_or_else(state_root, std::path::Path::to_path_buf)
                .join("git"),
            access: Access {
                credentials,
                ..Access::default()
            },
        })
    }

    /// Reads the manifests as they were at another revision of the same source.
    pub(super) async fn base(
        &self,
        revision: &str,
        state: Option<&std::path::Path>,
        target: &Target,
    ) -> Result<Desired> {
        let (_, desired) = self.base_at(revision, state, target).await?;
        Ok(desired)
    }

    /// The same, with the revision that it came to.
    pub(super) async fn base_at(
        &self,
        revision: &str,
        state: Option<&std::path::Path>,
        target: &Target,
    ) -> Result<(String, Desired)> {
        let snapshot = match self.remote()? {
            None => {
                let (folder, revision) = (Folder::open(self.folder())?, revision.to_owned());
                off_thread(move || folder.read_at(&revision)).await
            }
            Some(remote) => {
                let remote = Remote {
                    reference: revision,
                    ..remote
                };
                let mut repository = Repository::open(self.options(remote, state)?)?;
                off_thread(move || repository.read()).await
            }
        };
        let snapshot = snapshot.with_context(|| format!("the base {revision} cannot be read"))?;
        let context = manifest::Context {
            target: Some(target.clone()),
        };
        let desired = manifest::load(&snapshot.tree, &context).desired;
        Ok((snapshot.revision.full(), desired))
    }
}

/// Loads a snapshot's manifests and prints what is wrong with them to stderr.
pub(super) fn load(out: &mut Out, snapshot: &Snapshot, target: Option<&Target>) -> Loaded {
    let loaded = manifest::load(
        &snapshot.tree,
        &manifest::Context {
            target: target.cloned(),
        },
    );
    if !loaded.findings.is_empty() {
        let text = findings::to_text(&loaded.findings, &snapshot.tree, out.stderr_color());
        out.note(&text);
    }
    loaded
}
