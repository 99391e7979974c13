//! Names and Amazon Resource Names: accounts, regions, functions, roles.
//!
//! ```text
//! arn:aws:lambda:us-east-1:000000000000:function:hello:$LATEST
//!                ───────── ──────────── ────────  ───── ───────
//!                Region    AccountId              FunctionName  Qualifier
//! ```

use std::fmt;
use std::str::FromStr;

/// The text is not one of the thing's spellings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}")]
pub struct Malformed {
    /// What was expected, as a noun.
    pub what: &'static str,
    /// What was given.
    pub text: String,
}

impl Malformed {
    /// A refusal of `text` where a `what` was expected.
    #[must_use]
    pub fn new(what: &'static str, text: &str) -> Self {
        Self { what, text: text.to_owned() }
    }
}

/// Twelve decimal digits naming an AWS account.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Box<str>);

/// A region's code, as `us-east-1`.
///
/// Source: Smithy pattern `(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}` of Lambda's ARNs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(Box<str>);

/// A function's bare name, never an ARN: 1 to 64 of `[A-Za-z0-9-_]`.
///
/// Sources: Smithy shape `FunctionName` (alphabet), CreateFunction reference (64).
/// The ARN spellings of the same shape are [`FunctionRef`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionName(Box<str>);

/// A published version's number, from 1 up; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionNumber(u64);

/// An alias: 1 to 128 of `[A-Za-z0-9-_]`, not digits alone.
///
/// Source: Smithy shape `Alias`, pattern `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(Box<str>);

/// Which code of a function the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `$LATEST`, the version that can be changed.
    Latest,
    /// A published version.
    Version(VersionNumber),
    /// An alias, which points at one or two versions.
    Alias(AliasName),
}

/// The code that ran or will run: `$LATEST` or a published version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// `$LATEST`.
    Latest,
    /// A published version.
    Published(VersionNumber),
}

/// One function of one account in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId {
    /// The owning account.
    pub account: AccountId,
    /// The region it lives in.
    pub region: Region,
    /// Its name.
    pub name: FunctionName,
}

/// A function as a caller may spell it: a name, a partial ARN
/// (`ACCOUNT:function:NAME`) or a full ARN, each with an optional qualifier.
///
/// Source: Smithy shape `FunctionName`; what the parts mean when they disagree
/// with the request (`region`, `account`) is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRef {
    /// The region, if a full ARN named one.
    pub region: Option<Region>,
    /// The account, if an ARN or partial ARN named one.
    pub account: Option<AccountId>,
    /// The bare name.
    pub name: FunctionName,
    /// The qualifier, if one was appended.
    pub qualifier: Option<Qualifier>,
}

/// An IAM role's ARN: `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
///
/// Source: Smithy shape `RoleArn`, pattern
/// `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn {
    text: Box<str>,
    account: AccountId,
}

fn is_name_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'-' || c == b'_'
}

impl FromStr for AccountId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("account id", text))
        }
    }
}

impl FromStr for Region {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("region", text);
        let mut parts = text.split('-');
        let area = parts.next().ok_or_else(refuse)?;
        let rest: Vec<&str> = parts.collect();
        let (number, words) = rest.split_last().ok_or_else(refuse)?;
        let lower = |s: &&str| !s.is_empty() && s.bytes().all(|c| c.is_ascii_lowercase());
        let good = (area.len() == 2 || area == "eusc")
            && lower(&area)
            && number.len() == 1
            && number.bytes().all(|c| c.is_ascii_digit())
            && !words.is_empty()
            && words.len() <= 3
            && words.iter().all(lower);
        if good { Ok(Self(text.into())) } else { Err(refuse()) }
    }
}

impl FromStr for FunctionName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if (1..=64).contains(&text.len()) && text.bytes().all(is_name_char) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("function name", text))
        }
    }
}

impl FromStr for VersionNumber {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.parse() {
            Ok(number) if number > 0 && !text.starts_with(['0', '+']) => Ok(Self(number)),
            _ => Err(Malformed::new("version number", text)),
        }
    }
}

impl VersionNumber {
    /// The number itself, 1 or more.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for AliasName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits_alone = text.bytes().all(|c| c.is_ascii_digit());
        if (1..=128).contains(&text.len()) && text.bytes().all(is_name_char) && !digits_alone {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("alias name", text))
        }
    }
}

impl FromStr for Qualifier {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text == "$LATEST" {
            return Ok(Self::Latest);
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Version(number));
        }
        text.parse().map(Self::Alias).map_err(|_| Malformed::new("qualifier", text))
    }
}

impl FromStr for Version {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text == "$LATEST" {
            return Ok(Self::Latest);
        }
        text.parse().map(Self::Published).map_err(|_| Malformed::new("version", text))
    }
}

impl FromStr for FunctionRef {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("function reference", text);
        let parts: Vec<&str> = text.split(':').collect();
        let (region, account, tail) = match parts.as_slice() {
            ["arn", partition, "lambda", region, account, "function", tail @ ..] if partition.starts_with("aws") => {
                (Some(region.parse()?), Some(account.parse()?), tail)
            }
            [account, "function", tail @ ..] if !tail.is_empty() => (None, Some(account.parse()?), tail),
            ["function", tail @ ..] if !tail.is_empty() => (None, None, tail),
            tail => (None, None, tail),
        };
        let (name, qualifier) = match tail {
            [name] => (name, None),
            [name, qualifier] => (name, Some(qualifier.parse()?)),
            _ => return Err(refuse()),
        };
        Ok(Self { region, account, name: name.parse()?, qualifier })
    }
}

impl FromStr for RoleArn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("role ARN", text);
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
            return Err(refuse());
        };
        let path = resource.strip_prefix("role/").ok_or_else(refuse)?;
        let legal = |c: u8| c.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&c);
        if !partition.starts_with("aws") || path.is_empty() || !path.bytes().all(legal) || path.ends_with('/') {
            return Err(refuse());
        }
        Ok(Self { text: text.into(), account: account.parse().map_err(|_| refuse())? })
    }
}

impl RoleArn {
    /// The account that owns the role.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The role's name, without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }

    /// The ARN as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FunctionId {
    /// The function's ARN without a qualifier.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }

    /// The function's ARN with `qualifier` appended.
    #[must_use]
    pub fn qualified_arn(&self, qualifier: &impl fmt::Display) -> String {
        format!("{}:{qualifier}", self.arn())
    }
}

/// Text-like names: borrow, print, debug as the text itself.
macro_rules! text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    )*};
}
text!(AccountId, Region, FunctionName, AliasName);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Published(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Version(number) => number.fmt(f),
            Self::Alias(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl fmt::Display for FunctionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<(&str, Option<&str>)>) {
        let parsed: Option<FunctionRef> = written.parse().ok();
        let got = parsed.map(|r| (r.name.to_string(), r.qualifier.map(|q| q.to_string())));
        let want = expected.map(|(name, q)| (name.to_owned(), q.map(str::to_owned)));
        assert_eq!(got, want, "for {written}");
    }

    #[test]
    fn a_function_is_spelled_in_three_ways() {
        check("hello", Some(("hello", None)));
        check("hello:$LATEST", Some(("hello", Some("$LATEST"))));
        check("000000000000:function:hello:7", Some(("hello", Some("7"))));
        check("arn:aws:lambda:us-east-1:000000000000:function:hello", Some(("hello", None)));
        check("arn:aws:lambda:us-east-1:000000000000:function:hello:live", Some(("hello", Some("live"))));
    }

    #[test]
    fn a_broken_spelling_is_refused() {
        check("", None);
        check("hello:$latest", None);
        check("hello:1:2", None);
        check("arn:aws:lambda:us-east-1:0:function:hello", None);
        check("arn:aws:lambda:nowhere:000000000000:function:hello", None);
        check(&"a".repeat(65), None);
    }

    #[test]
    fn regions_have_their_form() {
        for good in ["us-east-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"] {
            assert_eq!(good.parse::<Region>().map(|region| region.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "us", "us-1", "us-east-", "us-east-12", "US-east-1", "invalid-region", "function"] {
            assert!(bad.parse::<Region>().is_err(), "for {bad}");
        }
    }

    #[test]
    fn an_arn_is_not_a_name() {
        assert!("arn:aws:lambda:eu-west-1:123456789012:function:f".parse::<FunctionName>().is_err());
    }

    #[test]
    fn a_role_knows_its_name_and_account() {
        let role: RoleArn = "arn:aws:iam::123456789012:role/service-role/basic".parse().expect("valid");
        assert_eq!((role.name(), role.account().as_str()), ("basic", "123456789012"));
        assert!("arn:aws:iam::123456789012:user/basic".parse::<RoleArn>().is_err());
    }
}
