//! Names of IAM's things, each with one door in.

use std::fmt;
use std::str::FromStr;

use lanthorn_model::arn::{AccountId, Malformed, RoleArn};

/// A role's name: 1 to 64 of `[\w+=,.@-]`, unique in its account whatever the case.
///
/// Source: Smithy shape `roleNameType`; CreateRole reference ("names are not distinguished by case").
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName(Box<str>);

/// A policy's name, managed or inline: 1 to 128 of `[\w+=,.@-]`.
///
/// Source: Smithy shape `policyNameType`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyName(Box<str>);

/// Where a role or policy stands in its account's tree: `/`, or `/a/b/`, at most 512 characters.
///
/// Sources: Smithy shapes `pathType` and `policyPathType`. The first allows more
/// characters than a role's ARN may hold (Lambda's shape `RoleArn`); we keep to what fits both.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityPath(Box<str>);

/// A managed policy's ARN: `arn:aws:iam::ACCOUNT:policy/PATH/NAME`, with `aws` for the account of AWS's own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyArn {
    text: Box<str>,
    owner: PolicyOwner,
}

/// Whose a managed policy is.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyOwner {
    /// AWS's: everyone may attach it, nobody may change it.
    Aws,
    /// An account's own.
    Account(AccountId),
}

fn is_name(text: &str, longest: usize) -> bool {
    let legal = |c: u8| c.is_ascii_alphanumeric() || b"_+=,.@-".contains(&c);
    (1..=longest).contains(&text.len()) && text.bytes().all(legal)
}

impl FromStr for RoleName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if is_name(text, 64) { Ok(Self(text.into())) } else { Err(Malformed::new("role name", text)) }
    }
}

impl FromStr for PolicyName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if is_name(text, 128) { Ok(Self(text.into())) } else { Err(Malformed::new("policy name", text)) }
    }
}

impl FromStr for EntityPath {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let inside = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let parts_are_names = inside.is_some_and(|inside| inside.split('/').all(|part| is_name(part, 512)));
        if text == "/" || (text.len() <= 512 && parts_are_names) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("path", text))
        }
    }
}

impl FromStr for PolicyArn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("policy ARN", text);
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", owner, resource] = parts.as_slice() else {
            return Err(refuse());
        };
        let name = resource.strip_prefix("policy/").and_then(|path| path.rsplit('/').next()).ok_or_else(refuse)?;
        if !partition.starts_with("aws") || !is_name(name, 128) {
            return Err(refuse());
        }
        let owner = match *owner {
            "aws" => PolicyOwner::Aws,
            account => PolicyOwner::Account(account.parse().map_err(|_| refuse())?),
        };
        Ok(Self { text: text.into(), owner })
    }
}

impl RoleName {
    /// The name by which no other role of the account may go: without case.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PolicyName {
    /// The name by which no other managed policy of the account may go: without case.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl EntityPath {
    /// `/`, where everything stands that was given no path.
    #[must_use]
    pub fn root() -> Self {
        Self("/".into())
    }
}

impl PolicyArn {
    /// The ARN of a policy of `owner`.
    pub(crate) fn new(owner: PolicyOwner, path: &EntityPath, name: &PolicyName) -> Self {
        let account = match &owner {
            PolicyOwner::Aws => "aws",
            PolicyOwner::Account(account) => account.as_str(),
        };
        Self { text: format!("arn:aws:iam::{account}:policy{path}{name}").into(), owner }
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &PolicyOwner {
        &self.owner
    }

    /// The policy's name, without its path.
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

/// The ARN of a role.
pub(crate) fn role_arn(account: &AccountId, path: &EntityPath, name: &RoleName) -> RoleArn {
    let text = format!("arn:aws:iam::{account}:role{path}{name}");
    text.parse().expect("paths and names hold only what an ARN may hold")
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
text!(RoleName, PolicyName, EntityPath);

impl fmt::Display for PolicyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PolicyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr<Err = Malformed>>(written: &str, good: bool) {
        assert_eq!(written.parse::<T>().is_ok(), good, "{written}");
    }

    #[test]
    fn names_have_an_alphabet_and_a_length() {
        check::<RoleName>("lambda-basic+1=,.@_", true);
        check::<RoleName>("", false);
        check::<RoleName>("a/b", false);
        check::<RoleName>("röle", false);
        check::<RoleName>(&"r".repeat(64), true);
        check::<RoleName>(&"r".repeat(65), false);
        check::<PolicyName>(&"p".repeat(128), true);
        check::<PolicyName>(&"p".repeat(129), false);
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        check::<EntityPath>("/", true);
        check::<EntityPath>("/service-role/", true);
        check::<EntityPath>("/a/b/", true);
        check::<EntityPath>("", false);
        check::<EntityPath>("/a", false);
        check::<EntityPath>("a/", false);
        check::<EntityPath>("//", false);
        check::<EntityPath>("/a//b/", false);
        check::<EntityPath>(&format!("/{}/", "p".repeat(510)), true);
        check::<EntityPath>(&format!("/{}/", "p".repeat(511)), false);
    }

    #[test]
    fn a_policy_arn_knows_its_name_and_owner() {
        let arn: PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaRole".parse().unwrap();
        assert_eq!((arn.name(), arn.owner() == &PolicyOwner::Aws), ("AWSLambdaRole", true));
        check::<PolicyArn>("arn:aws:iam::123456789012:policy/mine", true);
        check::<PolicyArn>("arn:aws:iam::123:policy/mine", false);
        check::<PolicyArn>("arn:aws:iam::aws:role/mine", false);
        check::<PolicyArn>("arn:aws:iam::aws:policy/", false);
    }
}
