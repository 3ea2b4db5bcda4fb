//! Zones and blocks of addresses.

use super::Node;

/// `Fn::Cidr` makes 1 to 256 blocks.
const MAX_CIDRS: u32 = 256;

/// Three zones for every region, which most have.
pub(super) fn zones(region: &str) -> Node {
    Node::List(
        ["a", "b", "c"]
            .iter()
            .map(|zone| Node::Text(format!("{region}{zone}")))
            .collect(),
    )
}

/// `count` blocks with `bits` host bits out of an IPv4 or IPv6 block.
pub(super) fn cidrs(block: &str, count: &str, bits: &str) -> Option<Vec<String>> {
    let (address, prefix) = block.split_once('/')?;
    let (prefix, bits): (u32, u32) = (prefix.parse().ok()?, bits.parse().ok()?);
    let count: u32 = count.parse().ok()?;
    if !(1..=MAX_CIDRS).contains(&count) {
        return None;
    }
    let fits = |width: u32| {
        let length = width.checked_sub(bits)?;
        let room = length.checked_sub(prefix)?;
        (room >= 32 || u64::from(count) <= 1_u64 << room).then_some(length)
    };
    if let Ok(address) = address.parse::<std::net::Ipv4Addr>() {
        let length = fits(32)?;
        let base = u64::from(u32::from(address));
        return (0..u64::from(count))
            .map(|at| {
                let start = u32::try_from(base + (at << bits)).ok()?;
                Some(format!("{}/{length}", std::net::Ipv4Addr::from(start)))
            })
            .collect();
    }
    let address = address.parse::<std::net::Ipv6Addr>().ok()?;
    let length = fits(128)?;
    let base = u128::from(address);
    (0..u128::from(count))
        .map(|at| {
            let start = base.checked_add(at.checked_shl(bits)?)?;
            Some(format!("{}/{length}", std::net::Ipv6Addr::from(start)))
        })
        .collect()
}
