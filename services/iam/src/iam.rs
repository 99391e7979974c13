//! The service's handle: opened once, shared by every shard.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::arn::{AccountId, RoleArn};
use lanthorn_model::clock::SharedClock;
use lanthorn_model::credentials::{AccessKeyId, KeyKind, Secret};
use lanthorn_model::policy::Policy;
use lanthorn_model::principal::Principal;
use lanthorn_store::documents::{Change, CommitError, Expect, Revision};
use lanthorn_store::{Documents, Store};

use crate::access_keys::{AccessKey, RootAccessKey};
use crate::ids::{self, NoEntropy};
use crate::memory::Memory;
use crate::names::PolicyArn;
use crate::records::{self, Entity, Place};
use crate::role::Role;
use crate::snapshot::Kept;

/// IAM of one server. Reads are answered from memory, at once; writes are durable when they answer.
pub struct Iam {
    pub(crate) memory: Memory,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) clock: SharedClock,
    root_key: Arc<RootAccessKey>,
}

/// IAM could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store closed before it had told what it holds.
    #[error("the store closed before it had told of roles and keys")]
    StoreClosed,
    /// The root user's key could not be recorded.
    #[error("cannot record the root user's access key")]
    Record(#[from] CannotRecord),
    /// The root user's key is there, but cannot be read.
    #[error("the root user's access key cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There was no randomness to make a key of.
    #[error("cannot make the root user's access key")]
    NoEntropy(#[from] NoEntropy),
}

/// The store did not take a change; whether it did all the same is unknown.
#[derive(Debug, thiserror::Error)]
#[error("the store did not take the change")]
pub struct CannotRecord(#[source] pub(crate) lanthorn_store::Error);

/// Another writer changed the same entity at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entity has changed meanwhile")]
pub(crate) struct Outrun;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRecorded {
    #[error(transparent)]
    Outrun(#[from] Outrun),
    #[error(transparent)]
    CannotRecord(#[from] CannotRecord),
}

impl Iam {
    /// Opens IAM on `store`, with a root access key for `account`, which is made if there is none.
    ///
    /// Returns when everything the store holds is known. Runs a task on the current runtime until dropped.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(store: &Store, clock: SharedClock, account: AccountId) -> Result<Arc<Self>, OpenError> {
        let documents = Arc::clone(&store.documents);
        let memory = Memory::follow(Arc::clone(&documents));
        memory.caught_up().await.map_err(|_| OpenError::StoreClosed)?;
        let known = memory.now().root_key(&account).cloned();
        let root_key = match known {
            Some(key) => key,
            None => Arc::new(make_root_key(&memory, &*documents, account).await?),
        };
        Ok(Arc::new(Self { memory, documents, clock, root_key }))
    }

    /// The key of the default account's root user.
    #[must_use]
    pub fn root_access_key(&self) -> &RootAccessKey {
        &self.root_key
    }

    /// What the long-term access key `id` opens; none if there is no such key.
    #[must_use]
    pub fn access_key(&self, id: &str) -> Option<AccessKey> {
        let snapshot = self.memory.now();
        let (account, key) = snapshot.root_key_by_id(id)?;
        Some(AccessKey { secret: key.secret.clone(), principal: Principal::Root { account: account.clone() } })
    }

    /// The role of this ARN, path and all; none if there is none.
    #[must_use]
    pub fn role(&self, arn: &RoleArn) -> Option<Arc<Role>> {
        let snapshot = self.memory.now();
        let kept = snapshot.role(arn.account(), arn.name())?;
        (kept.value.arn == *arn).then(|| Arc::clone(&kept.value))
    }

    /// The managed policy `arn` as it is in force, if roles of `account` may have it: AWS's own, and the account's.
    #[must_use]
    pub fn managed_policy(&self, account: &AccountId, arn: &PolicyArn) -> Option<Policy> {
        let snapshot = self.memory.now();
        let policy = snapshot.attachable(account, arn).then(|| snapshot.policy(arn))??;
        Some(policy.document().policy().clone())
    }

    /// The time now, to the second: IAM tells no finer one.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// Writes `entity`, if what is there is as expected; answers when memory shows it.
    pub(crate) async fn put<T: Entity>(&self, entity: &T, expect: Expect) -> Result<(), NotRecorded> {
        let revision = commit(&*self.documents, &entity.place(), expect, Some(entity.to_bytes())).await?;
        self.memory.heard(revision).await;
        Ok(())
    }

    /// Deletes what is at `place`, if it is as expected; answers when memory shows it.
    pub(crate) async fn delete(&self, place: &Place, expect: Expect) -> Result<(), NotRecorded> {
        let revision = commit(&*self.documents, place, expect, None).await?;
        self.memory.heard(revision).await;
        Ok(())
    }

    /// Applies `change` to `current` and records it, again on what another writer made of it meanwhile
    /// until nobody was faster. None if it is gone meanwhile. A change that changes nothing is not written.
    pub(crate) async fn change<T, E>(
        &self,
        mut current: Kept<T>,
        change: impl Fn(&mut T) -> Result<(), E>,
    ) -> Result<Option<Arc<T>>, E>
    where
        T: Entity + Clone + PartialEq,
        E: From<CannotRecord>,
    {
        loop {
            let mut next = T::clone(&current.value);
            change(&mut next)?;
            if next == *current.value {
                return Ok(Some(current.value));
            }
            match self.put(&next, Expect::At(current.revision)).await {
                Ok(()) => return Ok(Some(Arc::new(next))),
                Err(NotRecorded::CannotRecord(error)) => return Err(error.into()),
                Err(NotRecorded::Outrun(_)) => match self.read(&current.value.place()).await? {
                    Some(newer) => current = newer,
                    None => return Ok(None),
                },
            }
        }
    }

    /// What the store holds at `place`, past memory.
    async fn read<T: Entity>(&self, place: &Place) -> Result<Option<Kept<T>>, CannotRecord> {
        let Some(document) = self.documents.get(place.key()).await.map_err(CannotRecord)? else { return Ok(None) };
        let value = T::from_bytes(place.account(), &document.bytes).map_err(|error| {
            let failure = lanthorn_store::Failure::Damaged(Box::new(error));
            CannotRecord(lanthorn_store::Error { doing: "read a record of IAM", failure })
        })?;
        Ok(Some(Kept { value: Arc::new(value), revision: document.revision }))
    }
}

/// Makes the root user's key, or takes the one that another node made first.
async fn make_root_key(
    memory: &Memory,
    documents: &dyn Documents,
    account: AccountId,
) -> Result<RootAccessKey, OpenError> {
    let key = RootAccessKey {
        id: AccessKeyId::mint(KeyKind::LongTerm, &account, ids::five_bytes()?),
        secret: Secret::new(ids::secret_access_key()?),
    };
    let place = Place::RootKey(account);
    match commit(documents, &place, Expect::Absent, Some(records::access_key::to_bytes(&key))).await {
        Ok(revision) => {
            memory.heard(revision).await;
            Ok(key)
        }
        Err(NotRecorded::CannotRecord(error)) => Err(error.into()),
        Err(NotRecorded::Outrun(outrun)) => {
            let there = documents.get(place.key()).await.map_err(CannotRecord)?;
            let there = there.ok_or_else(|| OpenError::Unreadable(Box::new(outrun)))?;
            records::access_key::from_bytes(&there.bytes).map_err(|error| OpenError::Unreadable(Box::new(error)))
        }
    }
}

async fn commit(
    documents: &dyn Documents,
    place: &Place,
    expect: Expect,
    bytes: Option<Bytes>,
) -> Result<Revision, NotRecorded> {
    let key = place.key();
    let change = match bytes {
        Some(bytes) => Change::Put { name: key.name, expect, bytes },
        None => Change::Delete { name: key.name, expect },
    };
    documents.commit(key.partition, vec![change]).await.map_err(|error| match error {
        CommitError::Conflict { .. } => Outrun.into(),
        CommitError::Store(error) => CannotRecord(error).into(),
    })
}
