//! Who is calling.
//!
//! ```text
//! Claim ──identify──► Claimed { caller, secret }  ──verify(body)──► Caller
//!            │          the head is checked,           │
//!            │          the body is yet to come        │
//!            └── Refusal ◄─────────────────────────────┘
//! ```
//!
//! The head of a request is judged before its body is read: who is not known here,
//! or comes too late, does not get to fill our memory.

mod refusal;
mod trust;

use std::sync::Arc;

use jiff::Timestamp;
use lanthorn_iam::Iam;
use lanthorn_model::arn::AccountId;
use lanthorn_model::credentials::{AccessKeyId, Secret};
use lanthorn_model::policy::SessionTerms;
use lanthorn_model::principal::Principal;
use lanthorn_sts::Sts;
use lanthorn_wire::service::Protocol;
use lanthorn_wire::sigv4::{BodyDigest, Claim, Head, KeyCache, Style};
use parking_lot::Mutex;

pub(crate) use self::refusal::Refusal;
pub use self::trust::Auth;
pub(crate) use self::trust::{Door, trusts_unknown_keys};

/// What the ids of temporary keys begin with.
const TEMPORARY: &str = "ASIA";

/// Finds out who signed a request.
pub(crate) struct Authenticator {
    pub(crate) iam: Arc<Iam>,
    pub(crate) sts: Arc<Sts>,
    pub(crate) auth: Auth,
    pub(crate) account: AccountId,
    /// Held for the length of one look-up, by this shard alone.
    pub(crate) keys: Mutex<KeyCache>,
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The terms on which the session was made, if it is one.
    pub(crate) session: Option<Arc<SessionTerms>>,
    pub(crate) access_key_id: Option<Box<str>>,
}

/// A caller whose signature is still to be verified.
#[derive(Debug)]
pub(crate) struct Claimed<'r> {
    claim: Claim<'r>,
    caller: Caller,
    /// None for an unknown key that is trusted: there is nothing to verify with.
    secret: Option<Secret>,
}

impl Authenticator {
    /// Judges the head of a request for `service`, which came in by `door`.
    ///
    /// # Errors
    /// A [`Refusal`] of who cannot be right whatever the body says.
    pub(crate) fn identify<'r>(
        &self,
        claim: Claim<'r>,
        head: Head<'r>,
        door: Door,
        (service, protocol): (&str, &Protocol),
        now: Timestamp,
    ) -> Result<Claimed<'r>, Refusal> {
        let Some((caller, secret)) = self.look_up(&claim, now)? else {
            let authority = head.uri.authority().map(http::uri::Authority::as_str);
            if !trusts_unknown_keys(self.auth, door, authority, head.headers) {
                return Err(Refusal::UnknownKey);
            }
            let caller = Caller {
                principal: Principal::Root { account: self.account.clone() },
                session: None,
                access_key_id: Some(claim.access_key_id().into()),
            };
            return Ok(Claimed { claim, caller, secret: None });
        };
        claim.check_time(now, window_min(protocol), Style::Standard)?;
        claim.check_scope(service)?;
        Ok(Claimed { claim, caller, secret: Some(secret) })
    }

    /// The owner of the key and its secret; none if nobody issued it.
    fn look_up(&self, claim: &Claim<'_>, now: Timestamp) -> Result<Option<(Caller, Secret)>, Refusal> {
        let id = claim.access_key_id();
        if id.starts_with(TEMPORARY) {
            return self.look_up_session(claim, now);
        }
        let Some(key) = self.iam.access_key(id) else { return Ok(None) };
        if claim.session_token().is_some() {
            return Err(Refusal::UnknownKey);
        }
        let caller = Caller { principal: key.principal, session: None, access_key_id: Some(id.into()) };
        Ok(Some((caller, key.secret)))
    }

    /// A key that says it was made for our account must prove it; one of another make
    /// (a developer's own session with AWS) is a key nobody issued.
    fn look_up_session(&self, claim: &Claim<'_>, now: Timestamp) -> Result<Option<(Caller, Secret)>, Refusal> {
        let id = claim.access_key_id();
        let session = claim.session_token().and_then(|token| self.sts.verify(id, token).ok());
        let Some(session) = session else {
            let made_for = id.parse().ok().and_then(|id: AccessKeyId| id.account());
            return if made_for.as_ref() == Some(&self.account) { Err(Refusal::UnknownKey) } else { Ok(None) };
        };
        if session.expiration <= now {
            return Err(Refusal::TokenExpired);
        }
        let access_key_id = Some(id.into());
        let caller = Caller { principal: session.principal, session: Some(session.terms), access_key_id };
        Ok(Some((caller, session.secret)))
    }

    /// Whether the signature of `claimed` is that of the whole request.
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub(crate) fn verify(
        &self,
        claimed: Claimed<'_>,
        head: Head<'_>,
        body: Option<&BodyDigest>,
    ) -> Result<Caller, Refusal> {
        if let Some(secret) = &claimed.secret {
            let key = self.keys.lock().signing_key(&claimed.claim, secret);
            claimed.claim.verify(head, body, &key, Style::Standard)?;
        }
        Ok(claimed.caller)
    }
}

impl Claimed<'_> {
    /// Whether the body must be hashed on its way in.
    pub(crate) fn needs_body_digest(&self) -> bool {
        self.secret.is_some() && self.claim.signs_body(Style::Standard)
    }
}

/// How far the clocks of client and server may be apart, in minutes (seen in the
/// refusals of Lambda and CloudWatch Logs, 5, and of STS, 15).
fn window_min(protocol: &Protocol) -> i64 {
    match protocol {
        Protocol::RestJson | Protocol::AwsJson { .. } => 5,
        Protocol::Query { .. } => 15,
    }
}
