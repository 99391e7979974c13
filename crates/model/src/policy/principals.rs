//! Principals as resource policies name them.

use super::MalformedPolicy;
use super::json::Json;
use super::scope::Scope;
use crate::arn::AccountId;
use crate::principal::Principal;

/// The principals of a statement.
#[derive(Clone, Debug)]
pub(super) struct Principals {
    named: Box<[Named]>,
    /// `NotPrincipal`: everyone but these.
    inverted: bool,
}

/// How far a statement's principal reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Not at all.
    None,
    /// It names the caller's account, which passes the right on: the caller's own
    /// policies must allow the request too.
    Delegated,
    /// It names the caller's role, or everyone; boundary and session policy still limit.
    Named,
    /// It names this very session, or service: nothing but a deny stands against it.
    Exactly,
}

/// A principal that a policy names, for those who check that it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamedPrincipal<'a> {
    /// A role of an account.
    Role {
        /// The account.
        account: &'a AccountId,
        /// The role's name, without path.
        name: &'a str,
        /// As the policy spells it.
        arn: &'a str,
    },
    /// A user of an account.
    User {
        /// The account.
        account: &'a AccountId,
        /// As the policy spells it.
        arn: &'a str,
    },
}

#[derive(Clone, Debug)]
enum Named {
    Everyone,
    Account(AccountId),
    Role {
        account: AccountId,
        name: Box<str>,
        arn: Box<str>,
    },
    Session {
        account: AccountId,
        role: Box<str>,
        session: Box<str>,
    },
    /// Users are not among our callers; kept because a policy may name one.
    User {
        account: AccountId,
        arn: Box<str>,
    },
    Service(Box<str>),
    /// Identity providers, canonical S3 users, unique ids of what is gone: nobody that calls us.
    Nobody,
}

impl Principals {
    pub(super) fn parse(json: &Json, inverted: bool) -> Result<Self, MalformedPolicy> {
        let mut named = Vec::new();
        match json {
            Json::Text(text) if text == "*" => named.push(Named::Everyone),
            Json::Object(kinds) => {
                for (kind, names) in kinds {
                    for name in names.texts().ok_or(MalformedPolicy::TrustSyntax)? {
                        named.push(Named::parse(kind, name)?);
                    }
                }
            }
            Json::Text(text) => return Err(MalformedPolicy::Principal(format!("\"{text}\""))),
            _ => return Err(MalformedPolicy::TrustSyntax),
        }
        if named.is_empty() {
            return Err(MalformedPolicy::TrustPrincipalEmpty);
        }
        Ok(Self { named: named.into(), inverted })
    }

    pub(super) fn reach(&self, scope: &Scope<'_>) -> Reach {
        let principal = scope.request.principal;
        if self.inverted {
            // An account in `NotPrincipal` spares its root user, not everyone in it.
            let spared = self.named.iter().any(|named| match named {
                Named::Account(account) => matches!(principal, Principal::Root { account: own } if own == account),
                named => named.reach(principal) != Reach::None,
            });
            return if spared { Reach::None } else { Reach::Named };
        }
        self.named.iter().map(|named| named.reach(principal)).max().unwrap_or(Reach::None)
    }

    pub(super) fn named(&self) -> impl Iterator<Item = NamedPrincipal<'_>> {
        self.named.iter().filter_map(|named| match named {
            Named::Role { account, name, arn } => Some(NamedPrincipal::Role { account, name, arn }),
            Named::User { account, arn } => Some(NamedPrincipal::User { account, arn }),
            _ => None,
        })
    }
}

impl Named {
    fn parse(kind: &str, name: &str) -> Result<Self, MalformedPolicy> {
        match kind {
            "AWS" => Self::parse_aws(name).ok_or_else(|| MalformedPolicy::Principal(format!("\"AWS\":\"{name}\""))),
            "Service" if is_service(name) => Ok(Self::Service(name.into())),
            "Service" => Err(MalformedPolicy::Principal(format!("\"SERVICE\":\"{name}\""))),
            "Federated" | "CanonicalUser" => Ok(Self::Nobody),
            other => Err(MalformedPolicy::Principal(format!("\"{other}\""))),
        }
    }

    fn parse_aws(name: &str) -> Option<Self> {
        if name == "*" {
            return Some(Self::Everyone);
        }
        if let Ok(account) = name.parse() {
            return Some(Self::Account(account));
        }
        // A unique id stands where the role or user it once was is gone.
        let unique_id = (16..=128).contains(&name.len())
            && (name.starts_with("AROA") || name.starts_with("AIDA"))
            && name.bytes().all(|c| c.is_ascii_alphanumeric());
        if unique_id {
            return Some(Self::Nobody);
        }
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let ["arn", partition, service @ ("iam" | "sts"), "", account, resource] = parts.as_slice() else {
            return None;
        };
        if !partition.starts_with("aws") {
            return None;
        }
        let account: AccountId = account.parse().ok()?;
        let (kind, path) = resource.split_once('/').unwrap_or((resource, ""));
        let last = path.rsplit('/').next().filter(|last| !last.is_empty());
        // Wildcards in principals are everything or nothing.
        if path.contains(['*', '?']) {
            return None;
        }
        match (*service, kind) {
            ("iam", "root") if path.is_empty() => Some(Self::Account(account)),
            ("iam", "role") => Some(Self::Role { account, name: last?.into(), arn: name.into() }),
            ("iam", "user") => last.map(|_| Self::User { account, arn: name.into() }),
            ("sts", "assumed-role") => {
                let (role, session) = path.split_once('/')?;
                let whole = !role.is_empty() && !session.is_empty() && !session.contains('/');
                whole.then(|| Self::Session { account, role: role.into(), session: session.into() })
            }
            ("sts", "federated-user" | "self") => Some(Self::Nobody),
            _ => None,
        }
    }

    fn reach(&self, principal: &Principal) -> Reach {
        match (self, principal) {
            (Self::Everyone, _) => Reach::Named,
            (
                Self::Account(account),
                Principal::Root { account: own } | Principal::AssumedRole { account: own, .. },
            ) if account == own => Reach::Delegated,
            (Self::Role { account, name, .. }, Principal::AssumedRole { account: own, role_name, .. })
                if account == own && name == role_name =>
            {
                Reach::Named
            }
            (
                Self::Session { account, role, session },
                Principal::AssumedRole { account: own, role_name, session_name, .. },
            ) if account == own && role == role_name && session == session_name => Reach::Exactly,
            (Self::Service(name), Principal::Service { name: own, .. }) if name == own => Reach::Exactly,
            _ => Reach::None,
        }
    }
}

/// Whether `name` has the form of a service's principal, `SERVICE.amazonaws.com`.
/// AWS knows the list of its services; the form is what can be known here.
fn is_service(name: &str) -> bool {
    let host = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];
    let label = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'.';
    host.iter().any(|suffix| name.len() > suffix.len() && name.ends_with(suffix)) && name.bytes().all(label)
}
