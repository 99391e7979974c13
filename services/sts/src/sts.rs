//! The service's handle: opened once, shared by every shard.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lanthorn_model::clock::SharedClock;
use lanthorn_model::credentials::{AccessKeyId, KeyKind, SessionCredentials};
use lanthorn_model::policy::{Kind, Policy, SessionTerms};
use lanthorn_store::Store;

use crate::master_key::{MasterKey, MasterKeyError};
use crate::roles::Roles;
use crate::session::{Identity, InvalidToken, Limits, NewSession, Session};
use crate::token::{self, TooLong};

/// STS of one server. Everything is answered at once, from memory.
pub struct Sts {
    pub(crate) roles: Arc<dyn Roles>,
    pub(crate) clock: SharedClock,
    key: MasterKey,
}

/// STS could not be opened: without its master key no session can be made or verified.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the master key of sessions")]
pub struct OpenError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A session was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotMade {
    #[error("the system gave no random bytes")]
    NoEntropy(#[from] getrandom::Error),
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

impl Sts {
    /// Opens STS on `store`; its master key is made if there is none.
    ///
    /// # Errors
    /// The store failed, or what it keeps is not readable.
    pub async fn open(store: &Store, clock: SharedClock, roles: Arc<dyn Roles>) -> Result<Arc<Self>, OpenError> {
        let key = MasterKey::open(&*store.documents).await;
        let key = key.map_err(|error: MasterKeyError| OpenError(Box::new(error)))?;
        Ok(Arc::new(Self { roles, clock, key }))
    }

    /// What `token` says, if it is genuine and belongs to the access key `access_key_id`.
    ///
    /// It says nothing about time: compare [`Session::expiration`] with now. Costs two MACs, and the
    /// compilation of the session's policies if it has some; a caller may keep the answer as long as
    /// the session lasts, but for session policies given by ARN, which are read as they are now.
    ///
    /// # Errors
    /// [`InvalidToken`].
    pub fn verify(&self, access_key_id: &str, token: &str) -> Result<Session, InvalidToken> {
        let (session, secret) = token::open(&self.key, access_key_id, token)?;
        let policy = self.session_policy(&session.of, &session.limits).map_err(|_| InvalidToken)?;
        let terms = SessionTerms {
            policy,
            tags: session.limits.tags,
            transitive_tag_keys: session.limits.transitive_tag_keys,
            source_identity: session.limits.source_identity,
        };
        Ok(Session {
            secret,
            principal: session.of.principal(),
            terms: Arc::new(terms),
            expiration: session.expiration,
        })
    }

    /// Credentials that last for `duration`, with a token of at least `size_min` bytes.
    pub(crate) fn make(
        &self,
        of: Identity,
        limits: Limits,
        duration: Duration,
        size_min: usize,
    ) -> Result<SessionCredentials, NotMade> {
        let mut random = [0; 5];
        getrandom::fill(&mut random)?;
        let id = AccessKeyId::mint(KeyKind::Temporary, of.account(), random);
        let expiration = in_whole_seconds(self.clock.now(), duration);
        Ok(token::seal(&self.key, &id, &NewSession { of, limits, expiration }, size_min)?)
    }

    /// What the session policies of `limits` allow together; none without any. One that is gone allows nothing.
    fn session_policy(
        &self,
        of: &Identity,
        limits: &Limits,
    ) -> Result<Option<Policy>, lanthorn_model::policy::MalformedPolicy> {
        let Identity::Role { arn, .. } = of else { return Ok(None) };
        if limits.policy.is_none() && limits.policy_arns.is_empty() {
            return Ok(None);
        }
        let inline = limits.policy.as_deref().map(|text| Policy::parse(text, Kind::Inline)).transpose()?;
        let managed = limits.policy_arns.iter().filter_map(|policy| self.roles.managed_policy(arn, policy));
        let all: Vec<Policy> = inline.into_iter().chain(managed).collect();
        Ok(Some(Policy::union(&all)))
    }
}

/// The end of a session that begins now. AWS tells it in whole seconds, and so must the token.
fn in_whole_seconds(now: Timestamp, duration: Duration) -> Timestamp {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(now.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}
