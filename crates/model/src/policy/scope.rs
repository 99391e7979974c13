//! The values that conditions and policy variables ask for.
//!
//! A key's name is read once, when the policy is compiled; what follows from the
//! caller is written out only when asked for, and then once per decision.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::context::Values;
use super::{Request, Standing};
use crate::principal::Principal;

/// The name of a value, as written in a policy, without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    CurrentTime,
    EpochTime,
    SourceIp,
    PrincipalAccount,
    PrincipalArn,
    PrincipalType,
    PrincipalIsService,
    PrincipalServiceName,
    UserId,
    SourceIdentity,
    /// A tag of the caller's session or role.
    PrincipalTag(Box<str>),
    /// Whatever the service that asks has put in the context.
    Given(Box<str>),
}

/// One decision in progress.
pub(super) struct Scope<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) standing: &'a Standing<'a>,
    current_time: OnceCell<String>,
    epoch_time: OnceCell<String>,
    source_ip: OnceCell<String>,
    principal_arn: OnceCell<String>,
    user_id: OnceCell<String>,
}

impl Key {
    pub(super) fn new(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "aws:currenttime" => Self::CurrentTime,
            "aws:epochtime" => Self::EpochTime,
            "aws:sourceip" => Self::SourceIp,
            "aws:principalaccount" => Self::PrincipalAccount,
            "aws:principalarn" => Self::PrincipalArn,
            "aws:principaltype" => Self::PrincipalType,
            "aws:principalisawsservice" => Self::PrincipalIsService,
            "aws:principalservicename" => Self::PrincipalServiceName,
            "aws:userid" => Self::UserId,
            "aws:sourceidentity" => Self::SourceIdentity,
            _ => match lower.strip_prefix("aws:principaltag/") {
                Some(tag) => Self::PrincipalTag(tag.into()),
                None => Self::Given(lower.into()),
            },
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(request: &'a Request<'a>, standing: &'a Standing<'a>) -> Self {
        Self {
            request,
            standing,
            current_time: OnceCell::new(),
            epoch_time: OnceCell::new(),
            source_ip: OnceCell::new(),
            principal_arn: OnceCell::new(),
            user_id: OnceCell::new(),
        }
    }

    /// The values under `key`; none if the request has no such key.
    ///
    /// Source: IAM user guide, "AWS global condition context keys" (which callers
    /// have which keys) and "Principal key values" (`aws:userid`).
    pub(super) fn values(&self, key: &Key) -> Option<Values<'_>> {
        let principal = self.request.principal;
        let one = match key {
            Key::CurrentTime => {
                let now = self.request.context.now?;
                self.current_time.get_or_init(|| now.to_string())
            }
            Key::EpochTime => {
                let now = self.request.context.now?;
                self.epoch_time.get_or_init(|| now.as_second().to_string())
            }
            Key::SourceIp => {
                let source = self.request.context.source_ip?;
                self.source_ip.get_or_init(|| source.to_string())
            }
            Key::PrincipalAccount => match principal {
                Principal::Root { account } | Principal::AssumedRole { account, .. } => account.as_str(),
                Principal::Service { .. } | Principal::Anonymous => return None,
            },
            Key::PrincipalArn => match principal {
                Principal::Root { .. } | Principal::AssumedRole { .. } => self.principal_arn(),
                Principal::Service { .. } | Principal::Anonymous => return None,
            },
            Key::PrincipalType => match principal {
                Principal::Root { .. } => "Account",
                Principal::AssumedRole { .. } => "AssumedRole",
                Principal::Anonymous => "Anonymous",
                Principal::Service { .. } => return None,
            },
            Key::PrincipalIsService => match principal {
                Principal::Service { .. } => "true",
                _ => "false",
            },
            Key::PrincipalServiceName => match principal {
                Principal::Service { name, .. } => name,
                _ => return None,
            },
            Key::UserId => match principal {
                Principal::Service { .. } => return None,
                principal => self.user_id.get_or_init(|| principal.user_id()),
            },
            Key::SourceIdentity => self.request.session?.source_identity.as_deref()?,
            Key::PrincipalTag(tag) => self.tag(tag)?,
            Key::Given(name) => return self.request.context.get(name),
        };
        Some(Values::One(one))
    }

    /// The caller's ARN as policies name it: a role's session goes by its role.
    fn principal_arn(&self) -> &str {
        match (self.standing, self.request.principal) {
            (Standing::Role(identity), _) => identity.arn.as_str(),
            (_, Principal::AssumedRole { account, role_name, .. }) => {
                self.principal_arn.get_or_init(|| format!("arn:aws:iam::{account}:role/{role_name}"))
            }
            (_, principal) => self.principal_arn.get_or_init(|| principal.arn()),
        }
    }

    fn tag(&self, key: &str) -> Option<&str> {
        let find = |tags: &'a BTreeMap<String, String>| {
            tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
        };
        let of_session = self.request.session.and_then(|terms| find(&terms.tags));
        of_session.or_else(|| match self.standing {
            Standing::Role(identity) => find(identity.tags),
            Standing::Owner | Standing::Stranger => None,
        })
    }
}
