//! The fetching half of git's smart protocol (gitprotocol-pack, version 0 and 1), enough to pin one commit: read what the
//! remote has, ask for one object at depth 1, hand the packfile on.
//!
//! It is spoken here, not by libgit2, because libgit2's own https and ssh need OpenSSL and libssh2, and its
//! hook for other transports is unsafe. The packfile goes to libgit2, which indexes and verifies it.
//! Everything read is a stranger's: each count and length has a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use git2::Oid;

use super::pkt::{self, Packet, invalid};
use crate::secret;

/// Refs of one remote. The largest public monorepos advertise a few hundred thousand.
const MAX_REFS: usize = 500_000;
/// Bytes of an advertisement: [`MAX_REFS`] of some 120 bytes.
const MAX_ADVERTISEMENT: u64 = 64 * 1024 * 1024;
/// Lines between request and packfile: shallow boundaries, ACK or NAK.
const MAX_PREAMBLE: usize = 100_000;
/// Bytes of one packfile: a whole large repository at depth 1.
const MAX_PACK: u64 = 1024 * 1024 * 1024;
/// Objects of one packfile.
const MAX_OBJECTS: u32 = 2_000_000;
/// Characters kept of what a remote says.
const MAX_MESSAGE: usize = 300;

/// How speaking to a remote failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection, or (`InvalidData`) what came over it.
    Io(io::Error),
    /// The remote said so itself.
    Remote(String),
    /// Beyond a limit.
    TooLarge(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a remote has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Advertisement {
    /// Every ref by its full name, `HEAD` too; annotated tags not peeled.
    pub(super) refs: BTreeMap<String, Oid>,
    capabilities: BTreeSet<String>,
}

impl Advertisement {
    /// Reads one, to its flush packet.
    pub(super) fn read(from: &mut impl Read) -> Result<Self, Failure> {
        let mut from = from.take(MAX_ADVERTISEMENT);
        let mut found = Self::default();
        let mut first = true;
        loop {
            let packet = match pkt::read(&mut from) {
                Err(_) | Ok(None) if from.limit() == 0 => {
                    return Err(too_large("advertised bytes", MAX_ADVERTISEMENT));
                }
                Ok(None) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(Some(packet)) => packet,
                Err(error) => return Err(error.into()),
            };
            let Some(line) = packet.line() else {
                return match packet {
                    Packet::Flush => Ok(found),
                    _ => Err(invalid("a version 2 packet in a version 0 answer").into()),
                };
            };
            if line == b"version 1" {
                continue;
            }
            if let Some(message) = line.strip_prefix(b"ERR ") {
                return Err(Failure::Remote(message_of(message)));
            }
            if line.starts_with(b"shallow ") {
                continue;
            }
            let line = match line.iter().position(|byte| *byte == 0) {
                Some(end) if first => {
                    found.capabilities = String::from_utf8_lossy(&line[end + 1..])
                        .split_ascii_whitespace()
                        .map(str::to_owned)
                        .collect();
                    &line[..end]
                }
                _ => line,
            };
            first = false;
            if found.has_other_hashes() {
                return Err(invalid("the repository uses SHA-256 object names").into());
            }
            found.add(line)?;
        }
    }

    fn add(&mut self, line: &[u8]) -> Result<(), Failure> {
        let line = str::from_utf8(line).map_err(|_| invalid("an advertised ref is not UTF-8"))?;
        let (id, name) = line
            .split_once(' ')
            .ok_or_else(|| invalid("an advertised ref has no name"))?;
        // Peeled tags, and `capabilities^{}` beside the zero name where there are no refs.
        if name.ends_with("^{}") {
            return Ok(());
        }
        let id = oid(id).ok_or_else(|| invalid("an advertised ref has no object name"))?;
        if self.refs.len() == MAX_REFS {
            return Err(too_large("refs", MAX_REFS as u64));
        }
        // The name only ever becomes a key and a suggestion, but a name git itself would refuse is no ref.
        if name == "HEAD" || git2::Reference::is_valid_name(name) {
            self.refs.insert(name.to_owned(), id);
        }
        Ok(())
    }

    /// Whether the remote offers this.
    pub(super) fn offers(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Whether the remote hands out commits that no ref names.
    pub(super) fn serves_any_commit(&self) -> bool {
        self.offers("allow-any-sha1-in-want")
            || self.offers("allow-reachable-sha1-in-want")
            || self.offers("allow-tip-sha1-in-want")
    }

    fn has_other_hashes(&self) -> bool {
        self.capabilities
            .iter()
            .filter_map(|capability| capability.strip_prefix("object-format="))
            .any(|format| format != "sha1")
    }
}

/// A whole request for `wants` at depth 1, given that `have` and all its files are here already.
///
/// # Errors
/// When the remote lacks what every server since 2007 has.
pub(super) fn request(
    remote: &Advertisement,
    wants: &[Oid],
    have: Option<Oid>,
) -> Result<Vec<u8>, Failure> {
    if !remote.offers("side-band-64k") {
        return Err(invalid("the server is too old: it has no side-band-64k").into());
    }
    let shallow = remote.offers("shallow");
    let mut capabilities = "side-band-64k".to_owned();
    for wanted in ["ofs-delta", "thin-pack", "no-progress"] {
        if remote.offers(wanted) {
            capabilities.push(' ');
            capabilities.push_str(wanted);
        }
    }
    capabilities.push_str(" agent=catalogd/");
    capabilities.push_str(env!("CARGO_PKG_VERSION"));
    let mut bytes = Vec::new();
    for (at, want) in wants.iter().enumerate() {
        match at {
            0 => pkt::write_line(&mut bytes, &format!("want {want} {capabilities}")),
            _ => pkt::write_line(&mut bytes, &format!("want {want}")),
        }
    }
    // Without shallow the history came whole, and a `have` needs no boundary; but then a commit of ours says nothing
    // about its parents, so it is not offered.
    let have = have.filter(|_| shallow);
    if shallow {
        if let Some(have) = have {
            pkt::write_line(&mut bytes, &format!("shallow {have}"));
        }
        pkt::write_line(&mut bytes, "deepen 1");
    }
    pkt::write_flush(&mut bytes);
    if let Some(have) = have {
        pkt::write_line(&mut bytes, &format!("have {have}"));
    }
    pkt::write_line(&mut bytes, "done");
    Ok(bytes)
}

/// Reads the answer to [`request`] and writes the packfile to `sink`; returns how many objects it holds. An empty
/// pack is not written at all.
pub(super) fn read_pack(from: &mut impl Read, sink: &mut impl Write) -> Result<u32, Failure> {
    let mut pack = Pack::default();
    let mut preamble = 0;
    loop {
        let Some(packet) = pkt::read(from)? else {
            // A server that ends without the last flush has said all it has.
            return pack.end();
        };
        let data = match &packet {
            // Ends the shallow section before the pack, and the pack after it.
            Packet::Flush if pack.seen == 0 && preamble < MAX_PREAMBLE => {
                preamble += 1;
                continue;
            }
            Packet::Flush => return pack.end(),
            Packet::Delimiter | Packet::End => {
                return Err(invalid("a version 2 packet in a version 0 answer").into());
            }
            Packet::Data(data) => data,
        };
        match data.split_first() {
            Some((1, bytes)) => pack.write(bytes, sink)?,
            Some((2, _)) => {}
            Some((3, message)) => return Err(Failure::Remote(message_of(message))),
            _ if pack.seen > 0 => return Err(invalid("an unknown side band").into()),
            _ => {
                preamble += 1;
                if preamble > MAX_PREAMBLE {
                    return Err(too_large("lines before the pack", MAX_PREAMBLE as u64));
                }
                let line = packet.line().unwrap_or_default();
                if let Some(message) = line.strip_prefix(b"ERR ") {
                    return Err(Failure::Remote(message_of(message)));
                }
                let known = [&b"shallow "[..], b"unshallow ", b"ACK ", b"NAK"];
                if !known.iter().any(|start| line.starts_with(start)) {
                    return Err(invalid("an unknown line before the pack").into());
                }
            }
        }
    }
}

/// A packfile as it arrives: its header is looked at before a byte goes on.
#[derive(Default)]
struct Pack {
    header: Vec<u8>,
    objects: Option<u32>,
    seen: u64,
}

impl Pack {
    const HEADER: usize = 12;

    fn write(&mut self, mut bytes: &[u8], sink: &mut impl Write) -> Result<(), Failure> {
        self.seen += bytes.len() as u64;
        if self.seen > MAX_PACK {
            return Err(too_large("bytes in the pack", MAX_PACK));
        }
        if self.objects.is_none() {
            let missing = (Self::HEADER - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.header.len() < Self::HEADER {
                return Ok(());
            }
            let number = |at: usize| {
                self.header[at..at + 4]
                    .iter()
                    .fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte))
            };
            if &self.header[..4] != b"PACK" || !matches!(number(4), 2 | 3) {
                return Err(invalid("the answer is not a packfile").into());
            }
            let objects = number(8);
            if objects > MAX_OBJECTS {
                return Err(too_large("objects in the pack", u64::from(MAX_OBJECTS)));
            }
            self.objects = Some(objects);
            if objects > 0 {
                sink.write_all(&self.header)?;
            }
        }
        if self.objects != Some(0) {
            sink.write_all(bytes)?;
        }
        Ok(())
    }

    fn end(self) -> Result<u32, Failure> {
        self.objects
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }
}

/// An object name of 40 hex digits, not all zero.
pub(super) fn oid(hex: &str) -> Option<Oid> {
    let whole = hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole
        .then(|| Oid::from_str(hex).ok())
        .flatten()
        .filter(|oid| !oid.is_zero())
}

/// What a remote says, fit to be shown: one line, short, without user information or control characters.
pub(super) fn message_of(bytes: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(bytes)
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_MESSAGE)
        .collect();
    secret::masked(&text).into_owned()
}

fn too_large(what: &str, limit: u64) -> Failure {
    Failure::TooLarge(format!("it has more than {limit} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn lines(lines: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            if *line == b"FLUSH" {
                pkt::write_flush(&mut bytes);
            } else {
                bytes.extend(format!("{:04x}", line.len() + 4).bytes());
                bytes.extend_from_slice(line);
            }
        }
        bytes
    }

    fn advertised(list: &[&str]) -> Result<Advertisement, Failure> {
        let list: Vec<&[u8]> = list.iter().map(|line| line.as_bytes()).collect();
        Advertisement::read(&mut &lines(&list)[..])
    }

    #[test]
    fn advertisements() {
        let found = advertised(&[
            "version 1\n",
            &format!("{ONE} HEAD\0side-band-64k shallow symref=HEAD:refs/heads/main\n"),
            &format!("{ONE} refs/heads/main\n"),
            &format!("{TWO} refs/tags/v1\n"),
            &format!("{ONE} refs/tags/v1^{{}}\n"),
            &format!("{ONE} refs/heads/../../x\n"),
            &format!("shallow {ONE}\n"),
            "FLUSH",
        ])
        .unwrap();
        let names: Vec<_> = found.refs.keys().map(String::as_str).collect();
        assert_eq!(names, ["HEAD", "refs/heads/main", "refs/tags/v1"]);
        assert_eq!(found.refs["refs/tags/v1"].to_string(), TWO);
        assert!(found.offers("shallow") && !found.serves_any_commit());

        let empty = advertised(&[&format!("{ZERO} capabilities^{{}}\0shallow\n"), "FLUSH"]);
        assert!(empty.unwrap().refs.is_empty());
        assert!(advertised(&["FLUSH"]).unwrap().refs.is_empty());
    }

    #[test]
    fn hostile_advertisements() {
        for (list, wanted) in [
            (vec![format!("{ONE} HEAD\0x\n")], "cut"),
            (
                vec!["ERR access denied\x1b[2J\n".into(), "FLUSH".into()],
                "access denied [2J",
            ),
            (
                vec!["ERR see https://u:p@h/\n".into(), "FLUSH".into()],
                "https://(secret)@h/",
            ),
            (vec![format!("{ONE}\n"), "FLUSH".into()], "has no name"),
            (
                vec!["xyz refs/heads/a\n".into(), "FLUSH".into()],
                "no object name",
            ),
            (
                vec![
                    format!("{ONE}{ONE} HEAD\0object-format=sha256\n"),
                    "FLUSH".into(),
                ],
                "SHA-256",
            ),
        ] {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            let said = match advertised(&list).unwrap_err() {
                Failure::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => "cut".into(),
                Failure::Io(error) => error.to_string(),
                Failure::Remote(message) | Failure::TooLarge(message) => message,
            };
            assert!(said.contains(wanted), "{said} lacks {wanted}");
        }
        let html = Advertisement::read(&mut &b"<!DOCTYPE html>"[..]);
        assert!(
            matches!(html, Err(Failure::Io(error)) if error.kind() == io::ErrorKind::InvalidData)
        );
    }

    #[test]
    fn an_endless_advertisement_ends_at_a_limit() {
        let line = lines(&[format!("{ONE} refs/heads/{}\n", "a".repeat(60_000)).as_bytes()]);
        struct Endless(Vec<u8>, usize);
        impl Read for Endless {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let n = to.len().min(self.0.len() - self.1);
                to[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
                self.1 = (self.1 + n) % self.0.len();
                Ok(n)
            }
        }
        let ended = Advertisement::read(&mut Endless(line, 0));
        assert!(matches!(ended, Err(Failure::TooLarge(_))));
        // Nor do lines before a pack go on for ever.
        let ended = read_pack(&mut Endless(b"0008NAK\n".to_vec(), 0), &mut Vec::new());
        assert!(matches!(ended, Err(Failure::TooLarge(_))));
    }

    #[test]
    fn requests() {
        let remote =
            advertised(&[&format!("{ONE} HEAD\0side-band-64k shallow\n"), "FLUSH"]).unwrap();
        let text = |have: Option<&str>| {
            let bytes = request(&remote, &[oid(ONE).unwrap()], have.and_then(oid)).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let alone = text(None);
        assert!(alone.contains(&format!("want {ONE} side-band-64k agent=catalogd/")));
        assert!(alone.ends_with("000ddeepen 1\n00000009done\n"), "{alone}");
        let more = text(Some(TWO));
        assert!(more.contains(&format!(
            "0035shallow {TWO}\n000ddeepen 1\n00000032have {TWO}\n0009done\n"
        )));
        let old = advertised(&[&format!("{ONE} HEAD\0shallow\n"), "FLUSH"]).unwrap();
        assert!(request(&old, &[oid(ONE).unwrap()], None).is_err());
    }

    fn packed(parts: &[&[u8]]) -> Result<(u32, Vec<u8>), String> {
        let mut sink = Vec::new();
        match read_pack(&mut &lines(parts)[..], &mut sink) {
            Ok(objects) => Ok((objects, sink)),
            Err(Failure::Io(error)) => Err(error.to_string()),
            Err(Failure::Remote(message) | Failure::TooLarge(message)) => Err(message),
        }
    }

    #[test]
    fn packs() {
        let shallow = format!("shallow {ONE}\n");
        let whole = packed(&[
            shallow.as_bytes(),
            b"FLUSH",
            b"NAK\n",
            b"\x02counting\n",
            b"\x01PACK\0\0\0\x02\0",
            b"\x01\0\0\x01rest",
            b"FLUSH",
        ]);
        assert_eq!(whole, Ok((1, b"PACK\0\0\0\x02\0\0\0\x01rest".to_vec())));
        let nothing_new = packed(&[b"ACK x\n", b"\x01PACK\0\0\0\x02\0\0\0\0sum", b"FLUSH"]);
        assert_eq!(nothing_new, Ok((0, Vec::new())));
    }

    #[test]
    fn hostile_packs() {
        let header = &b"\x01PACK\0\0\0\x02\0\0\0\x01"[..];
        for (parts, wanted) in [
            (vec![&b"NAK\n"[..]], "end of file"),
            (vec![&b"NAK\n"[..], b"\x03fatal: no\n"], "fatal: no"),
            (vec![&b"ERR upload-pack: not our ref\n"[..]], "not our ref"),
            (vec![&b"hello\n"[..]], "unknown line"),
            (vec![&b"\x01JUNKJUNKJUNK"[..]], "not a packfile"),
            (vec![&b"\x01PACK\0\0\0\x09\0\0\0\x01"[..]], "not a packfile"),
            (vec![&b"\x01PACK\0\0\0\x02\xff\xff\xff\xff"[..]], "objects"),
            (vec![header, b"\x07what"], "side band"),
            (vec![&b"\x01PAC"[..], b"FLUSH"], "end of file"),
        ] {
            let said = packed(&parts).unwrap_err();
            assert!(said.contains(wanted), "{said} lacks {wanted}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(
            parts in proptest::collection::vec(
                proptest::prop_oneof![
                    "(ERR |NAK|ACK |shallow |unshallow |version 1|[0-9a-f]{40} )?[ -~\n\0]{0,60}",
                    "\u{1}(PACK)?[\0-\u{7f}]{0,40}",
                    proptest::strategy::Just("FLUSH".to_owned()),
                ],
                0..12,
            ),
            cut in 0..600_usize,
        ) {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            let mut bytes = lines(&parts);
            bytes.truncate(cut);
            let _ = Advertisement::read(&mut &bytes[..]);
            let _ = read_pack(&mut &bytes[..], &mut Vec::new());
        }
    }
}
