//! Ids that look random and are not: derived from what they are for, so that equal input gives equal bytes.

use sha2::{Digest, Sha256};

/// `length` hex digits (at most 64) that depend on `seed` alone.
pub(super) fn hex(seed: &str, length: usize) -> String {
    let mut text = hex::encode(Sha256::digest(seed.as_bytes()));
    text.truncate(length);
    text
}

/// `length` characters (at most 32) of `A-Z0-9` that depend on `seed` alone.
pub(super) fn letters(seed: &str, length: usize) -> String {
    const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    Sha256::digest(seed.as_bytes())
        .iter()
        .take(length)
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect()
}

/// A UUID that depends on `seed` alone.
pub(super) fn uuid(seed: &str) -> String {
    let digits = hex(seed, 32);
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}
