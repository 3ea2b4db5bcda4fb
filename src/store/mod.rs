//! The state folder: what makes a pass cheaper or its reasons sharper. Correctness never rests on it: delete it, and
//! nothing is lost but the ids it would have asked for first (design §10).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aws::index::ContentIndex;
use crate::ids::{Key, Kind, Name, TagOptionId, Token};
use crate::model::desired::OnRemove;
use crate::model::owner::Identity;
use crate::plan::FormerTagOption;

/// The version of `state.json`; a file of another version is ignored and written anew.
const FORMAT: u32 = 1;

/// What `state.json` says of a TagOption that is deactivated with its manifest.
const DELETE: &str = "delete";

/// A `state.json` beyond this is not read: 100,000 objects at some 200 bytes each.
const LARGEST: u64 = 32 * 1024 * 1024;

/// What is remembered between passes and starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The live id of each object as it was last seen: asked by id before anything is made anew.
    pub known: BTreeMap<Key, String>,
    /// TagOptions that are or were a manifest's: they have no mark of their own.
    pub tag_options: BTreeMap<TagOptionId, FormerTagOption>,
    /// Tokens whose answer names something that is gone (design §7).
    pub dead: BTreeMap<Token, String>,
    /// The revision last applied in full.
    pub applied: Option<String>,
    /// What commits' trailers still allow to be removed, the last one that was read last: once used up it stays so, whichever
    /// commits are read in between.
    pub allowances: Vec<Allowance>,
    /// Saved plans that were applied, until they would have expired anyway.
    pub used_plans: BTreeMap<String, Timestamp>,
    /// The content of every version whose content is known.
    pub index: ContentIndex,
}

/// So many commits' trailers are remembered: who goes back further than that in a source is asked again.
pub const ALLOWANCES: usize = 256;

/// Removals that a commit allows beyond the guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The commit.
    pub revision: String,
    /// How many are left.
    pub left: usize,
}

/// `state.json`.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    format: u32,
    owner: String,
    known: Vec<(String, String, String)>,
    /// Id, `metadata.name` and what removal does; absent in files of before.
    #[serde(default)]
    tag_options: Vec<(String, String, String)>,
    dead: BTreeMap<String, String>,
    applied: Option<String>,
    #[serde(default)]
    allowances: Vec<Allowance>,
    /// The only one, in files of before.
    #[serde(default, skip_serializing)]
    allowance: Option<Allowance>,
    #[serde(default)]
    used_plans: BTreeMap<String, Timestamp>,
}

/// Why the state folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the state folder {} cannot be {what}", path.display())]
pub struct StoreError {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

/// A state folder for one installation and target.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    owner: String,
}

impl Store {
    /// Opens `<root>/<installation>-<account>-<region>`, making it where it is not there.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(root: &Path, identity: &Identity) -> Result<Self, StoreError> {
        let target = &identity.target;
        let name = format!(
            "{}-{}-{}",
            identity.installation, target.account, target.region
        );
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).map_err(|source| StoreError {
            path: folder.clone(),
            what: "made",
            source,
        })?;
        Ok(Self {
            folder,
            owner: identity.tag_value(&Name::new("")),
        })
    }

    /// Reads what was remembered. A file that is missing, damaged, or another's counts as nothing remembered.
    pub fn load(&self) -> Memory {
        let mut memory = self.load_state().unwrap_or_default();
        if let Some(bytes) = read_bounded(&self.folder.join("index.json"))
            && let Some(index) = ContentIndex::parse(&bytes)
        {
            memory.index = index;
        }
        memory
    }

    fn load_state(&self) -> Option<Memory> {
        let path = self.folder.join("state.json");
        let bytes = read_bounded(&path)?;
        let file: File = match serde_json::from_slice(&bytes) {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "state.json is damaged; starting afresh");
                return None;
            }
        };
        if file.format != FORMAT || file.owner != self.owner {
            return None;
        }
        let key = |kind: &str, name: &str| {
            let kind = Kind::ALL.into_iter().find(|known| known.slug() == kind)?;
            Some(Key::new(kind, Name::parse(name)?))
        };
        Some(Memory {
            known: file
                .known
                .into_iter()
                .filter_map(|(kind, name, id)| Some((key(&kind, &name)?, id)))
                .collect(),
            tag_options: file
                .tag_options
                .into_iter()
                .filter_map(|(id, name, on_remove)| {
                    let former = FormerTagOption {
                        name: Name::parse(&name)?,
                        on_remove: match on_remove.as_str() {
                            DELETE => OnRemove::Delete,
                            _ => OnRemove::Retain,
                        },
                    };
                    Some((TagOptionId::new(id), former))
                })
                .collect(),
            dead: file
                .dead
                .into_iter()
                .map(|(token, id)| (Token::new(token), id))
                .collect(),
            applied: file.applied,
            allowances: file.allowance.into_iter().chain(file.allowances).collect(),
            used_plans: file.used_plans,
            index: ContentIndex::default(),
        })
    }

    /// Writes what is to be remembered, whole or not at all.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn save(&self, memory: &Memory) -> Result<(), StoreError> {
        let file = File {
            format: FORMAT,
            owner: self.owner.clone(),
            known: memory
                .known
                .iter()
                .map(|(key, id)| {
                    (
                        key.kind.slug().to_owned(),
                        key.name.to_string(),
                        id.to_owned(),
                    )
                })
                .collect(),
            tag_options: memory
                .tag_options
                .iter()
                .map(|(id, former)| {
                    let on_remove = match former.on_remove {
                        OnRemove::Delete => DELETE,
                        OnRemove::Retain | OnRemove::Release => "retain",
                    };
                    (
                        id.to_string(),
                        former.name.to_string(),
                        on_remove.to_owned(),
                    )
                })
                .collect(),
            dead: memory
                .dead
                .iter()
                .map(|(token, id)| (token.to_string(), id.clone()))
                .collect(),
            applied: memory.applied.clone(),
            allowances: memory.allowances.clone(),
            allowance: None,
            used_plans: memory.used_plans.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        self.replace("state.json", &bytes)?;
        self.replace("index.json", &memory.index.to_bytes())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        replace(&path, bytes).map_err(|source| StoreError {
            path,
            what: "written",
            source,
        })
    }
}

/// Writes beside the file and renames over it: a crash leaves the old one or the new one. Only its owner may read it.
///
/// # Errors
/// Where the folder cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    // What a process of the same number left behind may be anybody's to read; what is made anew is ours alone from the start.
    let _ = std::fs::remove_file(&beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&beside, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    renamed
}

/// Reads a file that a person names, unless it is longer than `most` bytes; `None` where it is.
///
/// # Errors
/// Where it cannot be read.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path)?;
    // Its length is asked of what is read: a name may mean another file by then.
    io::Read::read_to_end(&mut io::Read::take(opened, most + 1), &mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let length = std::fs::metadata(path).ok()?.len();
    if length > LARGEST {
        tracing::warn!(path = %path.display(), length, "larger than a state file can be; ignored");
        return None;
    }
    std::fs::read(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region, Target};
    use crate::model::owner::Installation;

    fn identity(installation: &str) -> Identity {
        Identity {
            installation: Installation::parse(installation).unwrap(),
            target: Target {
                account: AccountId::new("123456789012"),
                region: Region::new("us-east-1"),
                partition: "aws".to_owned(),
            },
        }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), &identity("team")).unwrap();
        assert_eq!(store.load(), Memory::default());
        let memory = Memory {
            known: [(
                Key::new(Kind::Product, Name::new("vpc")),
                "prod-1".to_owned(),
            )]
            .into(),
            tag_options: [(
                TagOptionId::new("tag-1"),
                FormerTagOption {
                    name: Name::new("prod"),
                    on_remove: OnRemove::Delete,
                },
            )]
            .into(),
            dead: [(Token::new("t"), "prod-0".to_owned())].into(),
            applied: Some("abc".to_owned()),
            allowances: vec![Allowance {
                revision: "abc".to_owned(),
                left: 3,
            }],
            used_plans: [("a1".to_owned(), Timestamp::UNIX_EPOCH)].into(),
            index: ContentIndex::default(),
        };
        store.save(&memory).unwrap();
        assert_eq!(store.load(), memory);
        assert_eq!(
            Store::open(root.path(), &identity("other")).unwrap().load(),
            Memory::default()
        );
    }

    #[test]
    fn a_file_of_before_keeps_its_allowance() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), &identity("team")).unwrap();
        store.save(&Memory::default()).unwrap();
        let path = store.folder.join("state.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().remove("allowances");
        file["allowance"] = serde_json::json!({"revision": "abc", "left": 0});
        std::fs::write(&path, file.to_string()).unwrap();
        let allowance = Allowance {
            revision: "abc".to_owned(),
            left: 0,
        };
        assert_eq!(store.load().allowances, [allowance]);
    }

    #[test]
    fn damage_is_forgotten_and_mended() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), &identity("team")).unwrap();
        for name in ["state.json", "index.json"] {
            std::fs::write(store.folder.join(name), b"{\"format\": 1, \xff").unwrap();
        }
        assert_eq!(store.load(), Memory::default());
        store.save(&Memory::default()).unwrap();
        assert_eq!(store.load(), Memory::default());
    }
}
