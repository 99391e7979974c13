//! What groups and streams may be called, and the ARNs they go by.

use std::sync::Arc;

use lanthorn_model::arn::{AccountId, Region};

/// A name may have so many characters. Source: Smithy shapes `LogGroupName`, `LogStreamName`.
const NAME_LENGTH_MAX: usize = 512;

/// The account and region that groups live in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The owning account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

/// One group of one account in one region. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupRef {
    /// Where it lives.
    pub scope: Arc<Scope>,
    /// Its name, valid by [`is_group_name`].
    pub name: Arc<str>,
}

/// Whether `name` may name a group: 1 to 512 of `[A-Za-z0-9._/#-]`.
/// Source: Smithy shape `LogGroupName`.
#[must_use]
pub fn is_group_name(name: &str) -> bool {
    let legal = |c: u8| c.is_ascii_alphanumeric() || b"._/#-".contains(&c);
    (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(legal)
}

/// Whether `name` may name a stream: 1 to 512 characters, none of them `:` or `*`.
/// Source: Smithy shape `LogStreamName`.
#[must_use]
pub fn is_stream_name(name: &str) -> bool {
    let length = name.chars().take(NAME_LENGTH_MAX + 1).count();
    (1..=NAME_LENGTH_MAX).contains(&length) && !name.contains([':', '*'])
}

impl Scope {
    /// The scope of `account` in `region`.
    #[must_use]
    pub fn new(account: &AccountId, region: &Region) -> Arc<Self> {
        Arc::new(Self { account: account.clone(), region: region.clone() })
    }
}

impl GroupRef {
    /// The group called `name` in `scope`.
    #[must_use]
    pub fn new(scope: &Arc<Scope>, name: &str) -> Self {
        Self { scope: Arc::clone(scope), name: name.into() }
    }

    /// The group's ARN, without the `:*` that some operations append.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{}", self.scope.region, self.scope.account, self.name)
    }

    /// The ARN of the stream called `stream`.
    #[must_use]
    pub fn stream_arn(&self, stream: &str) -> String {
        format!("{}:log-stream:{stream}", self.arn())
    }

    /// The group that `identifier`, a name or an ARN (with or without `:*`), means to a caller in `scope`.
    /// None if it names no group, or one of another account or region: those are not shared.
    #[must_use]
    pub fn identified(scope: &Arc<Scope>, identifier: &str) -> Option<Self> {
        if !identifier.starts_with("arn:") {
            return is_group_name(identifier).then(|| Self::new(scope, identifier));
        }
        let parts: Vec<&str> = identifier.strip_suffix(":*").unwrap_or(identifier).splitn(7, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "logs", region, account, "log-group", name]
                if partition.starts_with("aws")
                    && *region == scope.region.as_str()
                    && *account == scope.account.as_str()
                    && is_group_name(name) =>
            {
                Some(Self::new(scope, name))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Arc<Scope> {
        let account = "000000000000".parse().expect("an account");
        let region = "us-east-1".parse().expect("a region");
        Scope::new(&account, &region)
    }

    #[track_caller]
    fn check(identifier: &str, expected: Option<&str>) {
        let found = GroupRef::identified(&scope(), identifier);
        assert_eq!(found.as_ref().map(|group| &*group.name), expected, "{identifier}");
    }

    #[test]
    fn a_group_goes_by_its_name_or_its_arn() {
        check("/aws/lambda/hello", Some("/aws/lambda/hello"));
        check("arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/hello", Some("/aws/lambda/hello"));
        check("arn:aws:logs:us-east-1:000000000000:log-group:hello:*", Some("hello"));
    }

    #[test]
    fn an_arn_of_elsewhere_names_nothing_here() {
        check("arn:aws:logs:eu-west-1:000000000000:log-group:hello", None);
        check("arn:aws:logs:us-east-1:111111111111:log-group:hello", None);
        check("arn:aws:logs:us-east-1:000000000000:log-group:hello:log-stream:x", None);
        check("arn:aws:lambda:us-east-1:000000000000:function:hello", None);
    }

    #[test]
    fn names_have_an_alphabet_and_a_length() {
        assert!(is_group_name("/aws/lambda/a_b-c.d#e"));
        assert!(!is_group_name("a:b"));
        assert!(!is_group_name(""));
        assert!(!is_group_name(&"a".repeat(513)));
        assert!(is_stream_name("2026/01/02/[$LATEST]0123 é"));
        assert!(!is_stream_name("a*"));
        assert!(is_stream_name(&"é".repeat(512)));
    }
}
