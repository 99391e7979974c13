//! The circumstances of a request, as conditions ask for them.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;

/// What is known of a request beside who, what and on what.
///
/// Keys compare without case, as on AWS. What follows from the caller
/// (`aws:PrincipalArn`, `aws:userid`, …) need not be told: the engine knows it.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub(super) now: Option<Timestamp>,
    pub(super) source_ip: Option<IpAddr>,
    entries: Vec<(Cow<'static, str>, Entry)>,
}

#[derive(Clone, Debug)]
enum Entry {
    One(Cow<'static, str>),
    Many(Vec<String>),
}

/// The values of one key, borrowed. A key with several values is another thing
/// than a key with one: set operators (`ForAllValues`) look at each.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl Context {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same at the time `now`: `aws:CurrentTime` and `aws:EpochTime`.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The same from the address `source`: `aws:SourceIp`.
    #[must_use]
    pub fn from_ip(mut self, source: IpAddr) -> Self {
        self.source_ip = Some(source);
        self
    }

    /// The same with one `value` under `key`, which must not be there yet.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.entries.push((key.into(), Entry::One(value.into())));
        self
    }

    /// The same with a set of `values` under `key`, which must not be there yet.
    #[must_use]
    pub fn with_all(mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        self.entries.push((key.into(), Entry::Many(values)));
        self
    }

    /// What is under `key`, compared without case.
    pub(super) fn get(&self, key: &str) -> Option<Values<'_>> {
        let (_, entry) = self.entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(match entry {
            Entry::One(value) => Values::One(value),
            Entry::Many(values) => Values::Many(values),
        })
    }
}

impl<'a> Values<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, many): (Option<&'a str>, &'a [String]) = match self {
            Self::One(value) => (Some(value), &[]),
            Self::Many(values) => (None, values),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }
}
