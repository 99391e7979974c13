//! Where a request came in, and whether that is enough to believe an unknown key.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// How strictly callers are authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// On loopback, an access key that nobody issued counts as the account's root:
    /// a developer's laptop needs no credentials of ours. Elsewhere as [`Auth::Strict`].
    #[default]
    Open,
    /// Every request must be signed with a key that was issued here.
    Strict,
}

/// The listener a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Bound to a loopback address of the host.
    Loopback,
    /// Bound to any other address.
    Network,
    /// Inside a function's sandbox. Its address is a loopback address too, but who
    /// stands behind it is the function, not the owner of the machine.
    Sandbox,
}

/// Whether an unknown key, presented at `door`, counts as root.
///
/// A web page may make its visitor's browser send requests to loopback. What a
/// browser sends for a foreign page names it in `Origin`, or in `Host` when the
/// page's own name resolves to us; neither is let pass.
pub(crate) fn trusts_unknown_keys(auth: Auth, door: Door, authority: Option<&str>, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (host, origin) = (authority.or_else(|| text(HOST)), text(ORIGIN));
    auth == Auth::Open
        && door == Door::Loopback
        && host.is_none_or(|host| is_local(host) || is_aws(host))
        && origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, host)| is_local(host)))
}

/// Whether `host`, perhaps with a port, can only mean this machine.
fn is_local(host: &str) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// AWS's own host names, which a test may have pointed at us and no stranger can.
fn is_aws(host: &str) -> bool {
    name_of(host).to_ascii_lowercase().ends_with(".amazonaws.com")
}

fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(door: Door, headers: &[(&'static str, &str)], trusted: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        assert_eq!(trusts_unknown_keys(Auth::Open, door, None, &map), trusted, "for {door:?} {headers:?}");
        assert!(!trusts_unknown_keys(Auth::Strict, door, None, &map));
    }

    #[test]
    fn only_this_machine_is_trusted() {
        check(Door::Loopback, &[("host", "127.0.0.1:4566")], true);
        check(Door::Loopback, &[("host", "[::1]:4566")], true);
        check(Door::Loopback, &[("host", "lambda.localhost:4566")], true);
        check(Door::Loopback, &[("host", "lambda.us-east-1.amazonaws.com")], true);
        check(Door::Network, &[("host", "127.0.0.1:4566")], false);
        check(Door::Sandbox, &[("host", "127.0.0.1:4566")], false);
    }

    #[test]
    fn a_foreign_web_page_is_not_trusted() {
        check(Door::Loopback, &[("host", "rebound.example:4566")], false);
        check(Door::Loopback, &[("host", "127.0.0.1.example")], false);
        check(Door::Loopback, &[("host", "localhost:4566"), ("origin", "https://page.example")], false);
        check(Door::Loopback, &[("host", "localhost:4566"), ("origin", "null")], false);
        check(Door::Loopback, &[("host", "localhost:4566"), ("origin", "http://localhost:4566")], true);
    }
}
