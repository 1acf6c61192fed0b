//! Which addresses are of the internet, and which are of this machine, its network or of no one. Resolves no names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one that anybody on the internet has (the registries of RFC 6890, as of 2025).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, shared (CGNAT), link-local.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks, documentation.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let embedded = match (a, b) {
        // ::ffff:a.b.c.d, ::a.b.c.d and 64:ff9b::a.b.c.d hold the address in their last four bytes, 2002:… in the next four.
        (0, _) | (0x64, 0xff9b) => {
            let [.., w, x, y, z] = address.octets();
            Some(Ipv4Addr::new(w, x, y, z))
        }
        (0x2002, _) => {
            let [_, _, w, x, y, z, ..] = address.octets();
            Some(Ipv4Addr::new(w, x, y, z))
        }
        _ => None,
    };
    if let Some(embedded) = embedded {
        return is_public_v4(embedded);
    }
    // Of what is global unicast: Teredo and other protocol assignments, documentation.
    let is_special = matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff));
    a & 0xe000 == 0x2000 && !is_special
}
