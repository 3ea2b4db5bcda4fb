//! What a state file holds: all accounts and regions with what is at work in them, organizations, sessions and buckets.
//!
//! Left out are the past that lagging reads see, the faults, and the log of calls. Times are absolute: what was due
//! while nobody ran it is done when the file is loaded.

use serde::{Deserialize, Serialize};

use super::organizations::Organizations;
use super::s3::Kept as Buckets;
use super::state::Partition;
use super::sts::Sessions;

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON, is cut off, or lacks something.
    #[error("it is not a state file, or was cut or edited; move it away to start anew: {0}")]
    Broken(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error(
        "it has the format {0}, and only format {FORMAT} is read here: use the catalogd that wrote it, or start anew"
    )]
    Format(u32),
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    format_version: u32,
    /// Where the sequence of ids and chances goes on.
    pub(super) entropy: u64,
    pub(super) sessions: Sessions,
    pub(super) buckets: Buckets,
    pub(super) organizations: Organizations,
    /// In the order in which they were first asked for, which orders what one sees of another.
    pub(super) places: Vec<Place>,
}

/// One account in one region.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Place {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) partition: Partition,
}

/// Only the head, which every format has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    format_version: u32,
}

impl State {
    pub(super) fn new(
        entropy: u64,
        sessions: Sessions,
        buckets: Buckets,
        organizations: Organizations,
        places: Vec<Place>,
    ) -> Self {
        Self {
            format_version: FORMAT,
            entropy,
            sessions,
            buckets,
            organizations,
            places,
        }
    }
}

pub(super) fn read(text: &str) -> Result<State, Unreadable> {
    let Head { format_version } = serde_json::from_str(text)?;
    if format_version != FORMAT {
        return Err(Unreadable::Format(format_version));
    }
    bytes::shared(|| Ok(serde_json::from_str(text)?))
}

/// Bytes as text where they are text, else in hexadecimal.
pub(super) mod bytes {
    use std::cell::RefCell;
    use std::collections::HashSet;

    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    thread_local! {
        /// What one reading has met: an object, the version and the stack made of it share their bytes again.
        static MET: RefCell<Option<HashSet<Bytes>>> = const { RefCell::new(None) };
    }

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Hex { hex: String },
    }

    /// Equal bytes that `read` meets become the same.
    pub(in crate::emulator) fn shared<T>(read: impl FnOnce() -> T) -> T {
        MET.set(Some(HashSet::new()));
        let result = read();
        MET.set(None);
        result
    }

    pub(in crate::emulator) fn serialize<S: Serializer>(
        bytes: &Bytes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Form::Hex {
                hex: hex::encode(bytes),
            }
            .serialize(serializer),
        }
    }

    pub(in crate::emulator) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        let bytes = match Form::deserialize(deserializer)? {
            Form::Text(text) => Bytes::from(text),
            Form::Hex { hex } => Bytes::from(hex::decode(hex).map_err(D::Error::custom)?),
        };
        Ok(MET.with_borrow_mut(|met| {
            let Some(met) = met else { return bytes };
            if let Some(same) = met.get(&bytes) {
                return same.clone();
            }
            met.insert(bytes.clone());
            bytes
        }))
    }
}
