//! AssumeRole, for callers from outside and for services of the house.
//!
//! ```text
//!   the role's trust policy must reach the caller (sts:AssumeRole; sts:TagSession with tags,
//!   sts:SetSourceIdentity with a source identity)
//!     └─ names its account only ─► the caller's own policies must allow it too
//!   another account ─► both must
//! ```
//!
//! Where we differ from AWS: there, root users may not assume roles. Here the root
//! user is the only identity beside roles, so it may assume those that trust its account.

use std::collections::BTreeMap;
use std::time::Duration;

use lanthorn_model::arn::RoleArn;
use lanthorn_model::credentials::SessionCredentials;
use lanthorn_model::policy::{Context, Kind, MalformedPolicy, Policy, Request, ResourcePolicy, SessionTerms};
use lanthorn_model::principal::Principal;

use crate::roles::AssumableRole;
use crate::session::{Identity, Limits, SessionName};
use crate::sts::{NotMade, Sts};

/// What a caller asks for.
#[derive(Clone, Debug)]
pub struct AssumeRole {
    /// Which role.
    pub role: RoleArn,
    /// What to call the session.
    pub session_name: SessionName,
    /// How long, in seconds; none means [`DURATION_DEFAULT_S`].
    pub duration_s: Option<u32>,
    /// A policy to limit the session, as JSON.
    pub policy: Option<String>,
    /// The ARNs of managed policies to limit the session.
    pub policy_arns: Vec<String>,
    /// Tags for the session.
    pub tags: Vec<(String, String)>,
    /// Those of them that the session of a next role inherits.
    pub transitive_tag_keys: Vec<String>,
    /// What the trust policy may ask for as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// Who stands behind the session.
    pub source_identity: Option<String>,
    /// The token is to have at least so many bytes.
    pub token_bytes_min: usize,
}

/// Who asks, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// The terms of its own session.
    pub terms: Option<&'a SessionTerms>,
    /// The circumstances conditions may ask about; what AssumeRole itself adds is added.
    pub context: &'a Context,
}

/// A session that was made.
#[derive(Clone, Debug)]
pub struct AssumedRole {
    /// Its credentials.
    pub credentials: SessionCredentials,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// `AROA…:SESSION`.
    pub id: String,
    /// How much of the room for session policies and tags was used, in percent; none if there are none.
    pub packed_percent: Option<u32>,
    /// Who stands behind it.
    pub source_identity: Option<String>,
}

/// A role was not assumed.
#[derive(Debug, thiserror::Error)]
pub enum AssumeRoleError {
    /// The caller may not, or there is no such role: it may not learn which. In AWS's words.
    #[error("{0}")]
    Denied(String),
    /// Longer than the role allows.
    #[error("the duration exceeds the role's longest")]
    TooLong,
    /// Longer than [`CHAINED_MAX_S`], from one role's session to another.
    #[error("the duration exceeds that of chained sessions")]
    ChainedTooLong,
    /// The session policy is none.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// A managed policy to limit the session does not exist.
    #[error("the policy `{0}` does not exist")]
    NoSuchPolicy(String),
    /// The session policies and tags take more room than there is.
    #[error("the session's policies and tags take {percent}% of their room")]
    TooLarge {
        /// How much they take.
        percent: u32,
        /// Whether there is a policy among them.
        with_policy: bool,
    },
    /// A tag key was given twice, or a transitive one is none of the tags.
    #[error("the session's tags contradict each other")]
    Tags,
    /// A tag is one that the caller's session passes on, and may not be changed.
    #[error("the calling session passes on a tag of that key")]
    TransitiveConflict,
    /// The caller's session has another source identity, which stays.
    #[error("the calling session has another source identity")]
    SourceIdentityConflict,
    /// The system gave no random bytes.
    #[error("no session could be made")]
    NotMade(#[source] getrandom::Error),
}

/// A service of the house did not get a role's credentials.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is no such role, or its trust policy does not let the service assume it.
    #[error("the role cannot be assumed by the service")]
    NotTrusted,
    /// The system gave no random bytes.
    #[error("no session could be made")]
    NotMade(#[source] getrandom::Error),
}

/// How long a session lasts if the caller does not say, in seconds. Source: AssumeRole reference.
pub const DURATION_DEFAULT_S: u32 = 3_600;
/// How long a session of a role lasts at most that another role's session assumed. Source: same.
pub const CHAINED_MAX_S: u32 = 3_600;
/// Room for session policies, their ARNs and tags, in bytes without white space. AWS packs them in a way
/// it does not tell; its limit of 2,048 characters of plain text is ours for all together.
const TERMS_BYTES_MAX: usize = 2_048;

impl Sts {
    /// Makes a session of a role for a caller that may have one.
    ///
    /// # Errors
    /// [`AssumeRoleError`].
    pub fn assume_role(&self, caller: Caller<'_>, asked: AssumeRole) -> Result<AssumedRole, AssumeRoleError> {
        let limits = limits(caller.terms, &asked)?;
        let role = self.roles.role(&asked.role);
        let role = self.permit(caller, &asked, &limits, role)?;
        let duration_s = asked.duration_s.unwrap_or(DURATION_DEFAULT_S);
        let chained = matches!(caller.principal, Principal::AssumedRole { .. });
        if chained && duration_s > CHAINED_MAX_S {
            return Err(AssumeRoleError::ChainedTooLong);
        }
        if duration_s > role.max_session_s {
            return Err(AssumeRoleError::TooLong);
        }
        if let Some(gone) = asked.policy_arns.iter().find(|arn| self.roles.managed_policy(&asked.role, arn).is_none()) {
            return Err(AssumeRoleError::NoSuchPolicy(gone.clone()));
        }
        let packed_percent = packed(&limits)?;
        let (with_policy, source_identity) = (limits.policy.is_some(), limits.source_identity.clone());
        let session_name: Box<str> = asked.session_name.as_str().into();
        let of = Identity::Role { arn: asked.role, id: role.id, session_name };
        let principal = of.principal();
        let duration = Duration::from_secs(duration_s.into());
        let credentials = self.make(of, limits, duration, asked.token_bytes_min).map_err(|error| match error {
            NotMade::NoEntropy(error) => AssumeRoleError::NotMade(error),
            NotMade::TooLong(_) => {
                AssumeRoleError::TooLarge { percent: packed_percent.unwrap_or_default(), with_policy }
            }
        })?;
        Ok(AssumedRole { credentials, arn: principal.arn(), id: principal.user_id(), packed_percent, source_identity })
    }

    /// Credentials of `role` for a service of the house, as `lambda.amazonaws.com`, which the role must
    /// trust like any other; they last for `duration`, whatever the role's longest session.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(
        &self,
        role: &RoleArn,
        session_name: &SessionName,
        duration: Duration,
        service: &str,
    ) -> Result<SessionCredentials, IssueError> {
        let known = self.roles.role(role).ok_or(IssueError::NotTrusted)?;
        let principal = Principal::Service { account: role.account().clone(), name: service.into() };
        let context = Context::new()
            .at(self.clock.now())
            .with("aws:SourceAccount", role.account().to_string())
            .with("sts:RoleSessionName", session_name.as_str().to_owned());
        let request = Request::new(&principal, "sts:AssumeRole", role.as_str(), &context)
            .guarded_by(ResourcePolicy::Gate(&known.trust));
        if !self.roles.authorize(&request).is_allowed() {
            return Err(IssueError::NotTrusted);
        }
        let of = Identity::Role { arn: role.clone(), id: known.id, session_name: session_name.as_str().into() };
        self.make(of, Limits::default(), duration, 0).map_err(|error| match error {
            NotMade::NoEntropy(error) => IssueError::NotMade(error),
            NotMade::TooLong(error) => unreachable!("a session without terms fits a token: {error}"),
        })
    }

    /// The role, if `caller` may do everything with it that `asked` needs.
    fn permit(
        &self,
        caller: Caller<'_>,
        asked: &AssumeRole,
        limits: &Limits,
        role: Option<AssumableRole>,
    ) -> Result<AssumableRole, AssumeRoleError> {
        let context = circumstances(caller.context, asked, limits);
        let request = |action: &'static str| {
            Request::new(caller.principal, action, asked.role.as_str(), &context).in_session(caller.terms)
        };
        let Some(role) = role else {
            return Err(AssumeRoleError::Denied(request("sts:AssumeRole").unauthorized()));
        };
        let tagged = (!asked.tags.is_empty()).then_some("sts:TagSession");
        let named = asked.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
        for action in ["sts:AssumeRole"].into_iter().chain(tagged).chain(named) {
            let request = request(action).guarded_by(ResourcePolicy::Gate(&role.trust));
            if !self.roles.authorize(&request).is_allowed() {
                return Err(AssumeRoleError::Denied(request.unauthorized()));
            }
        }
        Ok(role)
    }
}

/// What conditions may ask about. Source: service authorization reference, "Condition keys for AWS STS".
fn circumstances(given: &Context, asked: &AssumeRole, limits: &Limits) -> Context {
    let mut context = given.clone().with("sts:RoleSessionName", asked.session_name.as_str().to_owned());
    if let Some(id) = &asked.external_id {
        context = context.with("sts:ExternalId", id.clone());
    }
    if let Some(identity) = &limits.source_identity {
        context = context.with("sts:SourceIdentity", identity.clone());
    }
    if !asked.tags.is_empty() {
        context = context.with_all("aws:TagKeys", asked.tags.iter().map(|(key, _)| key.clone()).collect());
        for (key, value) in &asked.tags {
            context = context.with(format!("aws:RequestTag/{key}"), value.clone());
        }
    }
    if !asked.transitive_tag_keys.is_empty() {
        context = context.with_all("sts:TransitiveTagKeys", asked.transitive_tag_keys.clone());
    }
    context
}

/// The new session's terms: what was asked for, and what the caller's session passes on.
fn limits(inherited: Option<&SessionTerms>, asked: &AssumeRole) -> Result<Limits, AssumeRoleError> {
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    let mut transitive_tag_keys = Vec::new();
    for key in inherited.iter().flat_map(|terms| &terms.transitive_tag_keys) {
        if let Some(value) = inherited.and_then(|terms| terms.tags.get(key)) {
            tags.insert(key.clone(), value.clone());
            transitive_tag_keys.push(key.clone());
        }
    }
    let passed_on: Vec<String> = tags.keys().map(|key| key.to_lowercase()).collect();
    let mut seen = Vec::new();
    for (key, value) in &asked.tags {
        let folded = key.to_lowercase();
        if passed_on.contains(&folded) {
            return Err(AssumeRoleError::TransitiveConflict);
        }
        if seen.contains(&folded) {
            return Err(AssumeRoleError::Tags);
        }
        seen.push(folded);
        tags.insert(key.clone(), value.clone());
    }
    for key in &asked.transitive_tag_keys {
        if !asked.tags.iter().any(|(tag, _)| tag == key) {
            return Err(AssumeRoleError::Tags);
        }
        transitive_tag_keys.push(key.clone());
    }
    let source_identity = match (inherited.and_then(|terms| terms.source_identity.clone()), &asked.source_identity) {
        (Some(kept), Some(asked)) if kept != *asked => return Err(AssumeRoleError::SourceIdentityConflict),
        (kept, asked) => kept.or_else(|| asked.clone()),
    };
    let policy = asked.policy.as_deref().map(without_white_space).transpose()?;
    Ok(Limits { policy, policy_arns: asked.policy_arns.clone(), tags, transitive_tag_keys, source_identity })
}

fn without_white_space(text: &str) -> Result<String, MalformedPolicy> {
    Policy::parse(text, Kind::Inline)?;
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| MalformedPolicy::Syntax)?;
    Ok(json.to_string())
}

fn packed(limits: &Limits) -> Result<Option<u32>, AssumeRoleError> {
    let size = limits.size();
    if size == 0 {
        return Ok(None);
    }
    let percent = u32::try_from((size * 100).div_ceil(TERMS_BYTES_MAX)).unwrap_or(u32::MAX);
    match percent {
        0..=100 => Ok(Some(percent)),
        _ => Err(AssumeRoleError::TooLarge { percent, with_policy: limits.policy.is_some() }),
    }
}
