//! Git's pkt-line framing (gitprotocol-common): four hex digits of length, then the payload.

use std::io::{self, Read};

/// Longest payload: 65,520 bytes less the four of the length.
pub(super) const MAX_PAYLOAD: usize = 65_516;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// `0000`: the end of a section.
    Flush,
    /// `0001`: between the parts of a version 2 request or answer.
    Delimiter,
    /// `0002`: the end of a version 2 answer.
    End,
    /// Anything else, possibly empty.
    Data(Vec<u8>),
}

impl Packet {
    /// The payload as a line, without its line end; other packets are no lines.
    pub(super) fn line(&self) -> Option<&[u8]> {
        match self {
            Self::Data(data) => Some(data.strip_suffix(b"\n").unwrap_or(data)),
            _ => None,
        }
    }
}

/// Reads the next packet; none where the stream ends between packets.
///
/// # Errors
/// `InvalidData` for a broken length, `UnexpectedEof` for a stream cut within a packet, and the stream's own.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Packet>> {
    let mut head = [0; 4];
    let mut got = 0;
    while got < head.len() {
        match from.read(&mut head[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = head
        .iter()
        .try_fold(0, |sum, byte| {
            Some(sum * 16 + char::from(*byte).to_digit(16)? as usize)
        })
        .ok_or_else(|| invalid("a packet's length is not hexadecimal"))?;
    match length {
        0 => Ok(Some(Packet::Flush)),
        1 => Ok(Some(Packet::Delimiter)),
        2 => Ok(Some(Packet::End)),
        3 => Err(invalid("a packet's length is 3")),
        _ if length - 4 > MAX_PAYLOAD => Err(invalid("a packet is too long")),
        _ => {
            let mut data = vec![0; length - 4];
            from.read_exact(&mut data)?;
            Ok(Some(Packet::Data(data)))
        }
    }
}

/// Appends one line as a packet. `line` is ours and short.
pub(super) fn write_line(to: &mut Vec<u8>, line: &str) {
    to.extend_from_slice(format!("{:04x}{line}\n", line.len() + 5).as_bytes());
}

/// Appends a flush packet.
pub(super) fn write_flush(to: &mut Vec<u8>) {
    to.extend_from_slice(b"0000");
}

pub(super) fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut bytes: &[u8]) -> Result<Vec<Packet>, io::ErrorKind> {
        let mut packets = Vec::new();
        while let Some(packet) = read(&mut bytes).map_err(|error| error.kind())? {
            packets.push(packet);
        }
        Ok(packets)
    }

    #[test]
    fn packets() {
        let data = |text: &str| Packet::Data(text.into());
        assert_eq!(all(b""), Ok(vec![]));
        assert_eq!(
            all(b"0006a\n0000000100020005b0004"),
            Ok(vec![
                data("a\n"),
                Packet::Flush,
                Packet::Delimiter,
                Packet::End,
                data("b"),
                data("")
            ])
        );
        assert_eq!(data("a\n").line(), Some(&b"a"[..]));
        assert_eq!(Packet::Flush.line(), None);
    }

    #[test]
    fn hostile_packets() {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        for (bytes, kind) in [
            (&b"000"[..], UnexpectedEof),
            (b"0006a", UnexpectedEof),
            (b"0003", InvalidData),
            (b"00g6a\n", InvalidData),
            (b"-001", InvalidData),
            (b"+00f", InvalidData),
            (b"fff1", InvalidData),
            (b"ffff", InvalidData),
            (b"<html>", InvalidData),
            (b"\xff\xfe\xfd\xfc", InvalidData),
        ] {
            assert_eq!(all(bytes), Err(kind), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        write_line(&mut bytes, "want 1");
        write_flush(&mut bytes);
        assert_eq!(
            all(&bytes),
            Ok(vec![Packet::Data(b"want 1\n".to_vec()), Packet::Flush])
        );
    }
}
