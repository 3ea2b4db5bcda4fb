//! A CloudFormation template as catalogd sees it: bytes, two digests, and what can be read of it.

pub mod change;
pub mod declared;
pub mod node;
pub mod reading;
pub mod stateful;

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::ids::Digest;
use reading::Reading;

/// A template file of the source. Its bytes are uploaded as they are.
#[derive(Clone)]
pub struct Template {
    /// The digest of the bytes: the key it is uploaded under.
    pub raw: Digest,
    /// The digest of the folded text ([`folded`]): what decides whether two templates are the same.
    pub content: Digest,
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// What it says, once somebody asked: most templates of a large catalog are never read.
    reading: OnceLock<Result<Reading, String>>,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        // What it says follows from its bytes.
        self.raw == other.raw && self.bytes == other.bytes
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template {}", self.raw)
    }
}

impl Template {
    /// Digests the bytes of a file.
    pub fn new(bytes: Arc<[u8]>) -> Self {
        Self {
            raw: Digest::of(&bytes),
            content: Digest::of(&folded(&bytes)),
            bytes,
            reading: OnceLock::new(),
        }
    }

    /// What it says; read once.
    ///
    /// # Errors
    /// Why it cannot be read, for a person. That is no reason not to upload it: CloudFormation decides.
    pub fn reading(&self) -> Result<&Reading, &str> {
        let read = self.reading.get_or_init(|| Reading::of(&self.bytes));
        read.as_ref().map_err(String::as_str)
    }

    /// Whether it is the file that a version's content was read or made of. What is no CloudFormation template may hold
    /// bytes to which folding does not apply: such files are known by the digest of their bytes.
    pub fn is(&self, content: &Digest, cloudformation: bool) -> bool {
        *content
            == match cloudformation {
                true => self.content.clone(),
                false => self.raw.clone(),
            }
    }

    /// The key in the template bucket (design §7).
    pub fn object_key(&self) -> String {
        format!("templates/{}", self.raw)
    }
}

/// The bytes with a BOM dropped, line ends folded to `\n`, and blanks at the ends of lines and of the text cut off.
///
/// The service may hand a template back with other line ends than it was given; that is no drift (design §3).
pub fn folded(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut text = Vec::with_capacity(bytes.len());
    for line in bytes.split(|byte| *byte == b'\n') {
        text.extend_from_slice(line.trim_ascii_end());
        text.push(b'\n');
    }
    while text.last() == Some(&b'\n') {
        text.pop();
    }
    text
}

/// What a template says about one of its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterDecl {
    /// The logical name.
    pub key: String,
    /// Its value is masked wherever CloudFormation shows it.
    pub no_echo: bool,
    /// The value where none is given; `None` means one must be given.
    pub default: Option<String>,
}

/// What is known of a version's content. It never changes once the version is available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionContent {
    /// The folded template's digest; of what is no CloudFormation template, that of its bytes.
    pub content: Digest,
    /// The template's parameters, where they could be read.
    pub parameters: Option<Vec<ParameterDecl>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_trailing_blanks_are_no_difference() {
        let unix = Template::new(Arc::from(&b"a: 1\nb: 2\n"[..]));
        let windows = Template::new(Arc::from(&b"\xef\xbb\xbfa: 1  \r\nb: 2\r\n\r\n"[..]));
        assert_eq!(unix.content, windows.content);
        assert_ne!(unix.raw, windows.raw);
        let other = Template::new(Arc::from(&b"a: 1\n b: 2\n"[..]));
        assert_ne!(unix.content, other.content);
    }
}
