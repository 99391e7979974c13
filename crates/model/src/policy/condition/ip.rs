//! Ranges of addresses, as `203.0.113.0/24` or `2001:db8::/32`.

use std::net::IpAddr;
use std::str::FromStr;

use crate::arn::Malformed;

/// A range of IPv4 or IPv6 addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    address: IpAddr,
    /// Leading bits that must agree: 0 to 32, or to 128.
    prefix: u8,
}

impl FromStr for Network {
    type Err = Malformed;

    /// An address alone is the range of that one address.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("address range", text);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(whole), str::parse).map_err(|_| refuse())?;
        if prefix > whole { Err(refuse()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let same_head = |ours: u128, theirs: u128, width: u32| {
            let tail = width - u32::from(self.prefix);
            // A shift by the whole width would overflow; a prefix of nothing contains everything.
            (ours ^ theirs).checked_shr(tail).unwrap_or(0) == 0
        };
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same_head(u128::from(ours.to_bits()), u128::from(theirs.to_bits()), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same_head(ours.to_bits(), theirs.to_bits(), 128),
            _ => false,
        }
    }
}
