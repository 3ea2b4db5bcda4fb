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

/// What ids begin with that calls give out.
const PREFIXES: [&str; 12] = [
    "act",
    "cons",
    "copyproduct",
    "pa",
    "plan",
    "port",
    "pp",
    "prod",
    "prodview",
    "rec",
    "share",
    "tag",
];

/// Whether `id` is `<prefix>-…` as [`fresh`] forms it.
fn well_formed(id: &str) -> bool {
    let Some((prefix, suffix)) = id.split_once('-') else {
        return false;
    };
    let mut letters = suffix.bytes();
    // The last of 64 bits in groups of five has only four of them.
    let last = letters.next_back().is_some_and(|last| {
        let place = ALPHABET.iter().position(|letter| *letter == last);
        place.is_some_and(|place| place % 2 == 0)
    });
    let rest = letters.all(|byte| ALPHABET.contains(&byte));
    PREFIXES.contains(&prefix) && suffix.len() == 13 && rest && last
}

/// Whether `id` is a UUID as ARNs of stacks end in.
fn is_uuid(id: &str) -> bool {
    uuid::Uuid::try_parse(id).is_ok_and(|uuid| uuid.hyphenated().to_string() == id)
}

/// Whether `id` is that of an account.
fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Ids that one call gives out in place of fresh ones. Seeds fix some, because manifests name ids literally.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(Vec<String>);

impl Pins {
    /// These ids, each for the first object of its kind.
    ///
    /// # Errors
    /// The id that has not the form of any.
    pub fn new(ids: Vec<String>) -> Result<Self, String> {
        let formed = |id: &str| well_formed(id) || is_uuid(id) || is_account(id);
        match ids.iter().find(|id| !formed(id)) {
            Some(id) => Err(format!(
                "{id} is no id: give one of {}, and 13 characters of a-z and 2-7, of which the last is one of \
                 acegikmoqsuwy246, e.g. prod-legacyqueue2a; or a UUID for a stack; or twelve digits for an account",
                PREFIXES.map(|prefix| format!("{prefix}-")).join(" ")
            )),
            None => Ok(Self(ids)),
        }
    }

    /// Those that no object has got.
    pub fn left(&self) -> &[String] {
        &self.0
    }

    /// The first of that prefix, which is then gone.
    pub fn take(&mut self, prefix: &str) -> Option<String> {
        self.first(|id| id.split_once('-').is_some_and(|(own, _)| own == prefix))
    }

    /// The first that is a UUID.
    pub fn take_uuid(&mut self) -> Option<String> {
        self.first(is_uuid)
    }

    /// The first that is an account's.
    pub fn take_account(&mut self) -> Option<String> {
        self.first(is_account)
    }

    fn first(&mut self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let at = self.0.iter().position(|id| wanted(id))?;
        Some(self.0.remove(at))
    }
}

/// So many letters of an alphabet.
pub(super) fn letters(alphabet: &[u8], entropy: &mut Entropy, length: usize) -> String {
    let mut draw = || {
        let at = usize::try_from(entropy.below(alphabet.len() as u64)).unwrap_or_default();
        alphabet.get(at).copied().map(char::from)
    };
    (0..length).filter_map(|_| draw()).collect()
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
/// transcripts since 2024 suggest (facts §9.3, ListLaunchPaths; an inference, and so a guess).
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
    fn pinned_ids_have_the_form_of_drawn_ones_and_are_given_out_once() {
        let mut entropy = Entropy::seeded(3);
        for _ in 0..1000 {
            assert!(well_formed(&fresh("prod", &mut entropy)));
            assert!(is_uuid(&uuid(&mut entropy)));
        }
        let uuid = "0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f";
        let account = "000123456789";
        let ids = ["prod-legacyqueue2a", account, "pa-legacyqueue2a", uuid];
        let mut pins = Pins::new(ids.map(str::to_owned).to_vec()).unwrap();
        assert_eq!(pins.take("pa").unwrap(), "pa-legacyqueue2a");
        assert_eq!(pins.take("pa"), None);
        assert_eq!(pins.take_uuid().unwrap(), uuid);
        assert_eq!(pins.take_account().unwrap(), account);
        assert_eq!(pins.left(), ["prod-legacyqueue2a"]);
        for bad in [
            "prod-legacyqueue2",
            "prod-legacyqueue2b",
            "prod-legacyqueue1a",
            "prod-Legacyqueue2a",
            "-legacyqueue2aa",
            "lp-legacyqueue2a",
            "legacyqueue2a",
            "12345678901",
            "",
            "0A1B2C3D-0A1B-4A1B-8A1B-0A1B2C3D4E5F",
        ] {
            assert!(Pins::new(vec![bad.to_owned()]).is_err(), "{bad}");
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
