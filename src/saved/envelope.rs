//! The outside of a file: its format, and the digest of what is inside.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ids::Digest;

/// The member that holds the content.
const CONTENT: &str = "content";
/// The member that holds the content's digest.
const DIGEST: &str = "digest";

/// Why a file can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Damage {
    /// It is no such file, or its end is missing.
    #[error("it is not a whole {what}: {why}")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// Another version of the program wrote it.
    #[error("its format is {found}, and this program reads {reads}")]
    Format {
        /// What it says.
        found: String,
        /// What is read.
        reads: u32,
    },
    /// It is not what was written.
    #[error(
        "it was changed after it was written: its content does not have the digest that it names"
    )]
    Edited,
}

/// Writes content as a file: the same content gives the same bytes.
pub(super) fn to_bytes<T: Serialize>(member: &str, format: u32, content: &T) -> Vec<u8> {
    // Texts, numbers and maps with texts as keys: nothing in it can fail to be written.
    let content = serde_json::to_value(content).unwrap_or_default();
    let mut file = Map::new();
    file.insert(member.to_owned(), format.into());
    file.insert(DIGEST.to_owned(), digest(&content).as_str().into());
    file.insert(CONTENT.to_owned(), content);
    let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Reads what [`to_bytes`] wrote. The format is looked at first: what another version means by a digest is its own affair.
pub(super) fn parse<T: DeserializeOwned>(
    what: &'static str,
    member: &str,
    format: u32,
    bytes: &[u8],
) -> Result<T, Damage> {
    let unreadable = |why: String| Damage::Unreadable { what, why };
    let file: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
    match file.get(member) {
        Some(found) if found.as_u64() == Some(format.into()) => {}
        Some(found) => {
            let found = found.to_string();
            return Err(Damage::Format {
                found,
                reads: format,
            });
        }
        None => return Err(unreadable(format!("it has no {member:?}"))),
    }
    let content = file.get(CONTENT).cloned().unwrap_or_default();
    let named = file.get(DIGEST).and_then(Value::as_str);
    if file.len() != 3 || named != Some(digest(&content).as_str()) {
        return Err(Damage::Edited);
    }
    serde_json::from_value(content).map_err(|error| unreadable(error.to_string()))
}

fn digest(content: &Value) -> Digest {
    // Maps come sorted, so the same content has one text.
    Digest::of(content.to_string().as_bytes())
}
