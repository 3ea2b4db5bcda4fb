//! Identifiers and ARNs as the services form them (facts §3).

use crate::clock::Entropy;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// `<prefix>-` and 64 random bits in lower-case base32 without padding: 13 characters, of which the
/// last carries four bits.
pub fn fresh(prefix: &str, entropy: &mut Entropy) -> String {
    let bits = u128::from(entropy.bits()) << 1;
    let mut id = String::with_capacity(prefix.len() + 14);
    id.push_str(prefix);
    id.push('-');
    for place in (0..13).rev() {
        id.push(char::from(ALPHABET[(bits >> (place * 5)) as usize & 31]));
    }
    id
}

/// A random UUID (version 4): request ids and the like.
pub fn uuid(entropy: &mut Entropy) -> String {
    let bits = u128::from(entropy.bits()) << 64 | u128::from(entropy.bits());
    uuid::Builder::from_u128(bits)
        .with_variant(uuid::Variant::RFC4122)
        .with_version(uuid::Version::Random)
        .into_uuid()
        .to_string()
}

/// `arn:aws:catalog:<region>:<account>:product/<id>`.
pub fn product_arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:catalog:{region}:{account}:product/{id}")
}

/// `arn:aws:catalog:<region>:<account>:portfolio/<id>`.
pub fn portfolio_arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:catalog:{region}:{account}:portfolio/{id}")
}

/// `arn:aws:servicecatalog:<region>:<account>:stack/<name>/<id>`: the word `stack` is used even
/// when no stack was made.
pub fn provisioned_arn(region: &str, account: &str, name: &str, id: &str) -> String {
    format!("arn:aws:servicecatalog:{region}:{account}:stack/{name}/{id}")
}

/// The launch path through a portfolio: the portfolio's suffix with another prefix, as the
/// transcripts since 2024 suggest (facts §9.3, ListLaunchPaths; an inference).
pub fn path_id(portfolio: &str) -> String {
    let suffix = portfolio.strip_prefix("port-").unwrap_or(portfolio);
    format!("lpv3-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_recorded_form() {
        let mut entropy = Entropy::seeded(3);
        for _ in 0..1000 {
            let id = fresh("prod", &mut entropy);
            let suffix = id.strip_prefix("prod-").unwrap();
            assert_eq!(suffix.len(), 13);
            assert!(
                suffix
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c))
            );
            assert!("acegikmoqsuwy246".contains(suffix.chars().last().unwrap()));
        }
    }

    #[test]
    fn uuids_are_of_version_four() {
        let id = uuid(&mut Entropy::seeded(1));
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
    }

    #[test]
    fn a_path_is_named_after_its_portfolio() {
        assert_eq!(path_id("port-y3fnkeslpaaaa"), "lpv3-y3fnkeslpaaaa");
    }
}
