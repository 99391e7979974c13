//! Everything IAM knows, in memory, as of one moment.
//!
//! Readers take the current snapshot and never wait; the one writer (`memory`) makes
//! the next. A copy shares every entity with the one before, so it costs its maps.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lanthorn_model::arn::AccountId;
use lanthorn_store::documents::{Document, Event, Key, Revision};

use crate::access_keys::RootAccessKey;
use crate::aws_managed;
use crate::managed_policy::ManagedPolicy;
use crate::names::{PolicyArn, PolicyName, PolicyOwner, RoleName};
use crate::records::{self, DecodeError, Entity, Place};
use crate::role::Role;

/// An entity and when it was last changed.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    pub(crate) value: Arc<T>,
    pub(crate) revision: Revision,
}

/// One account's entities, by their names without case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    roles: BTreeMap<Arc<str>, Kept<Role>>,
    policies: BTreeMap<Arc<str>, Kept<ManagedPolicy>>,
    root_key: Option<Arc<RootAccessKey>>,
}

/// All accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    accounts: HashMap<AccountId, Account>,
    /// Whose account a root user's key is.
    root_keys: HashMap<Box<str>, AccountId>,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), revision: self.revision }
    }
}

impl Snapshot {
    /// The role called `name`, exactly.
    pub(crate) fn role(&self, account: &AccountId, name: &str) -> Option<&Kept<Role>> {
        let kept = self.accounts.get(account)?.roles.get(&*folded(name))?;
        (kept.value.name.as_str() == name).then_some(kept)
    }

    /// Whether the account is one of this server.
    pub(crate) fn knows(&self, account: &AccountId) -> bool {
        self.accounts.contains_key(account)
    }

    /// Whether a role goes by that name or one that differs by case alone.
    pub(crate) fn role_name_taken(&self, account: &AccountId, name: &RoleName) -> bool {
        self.accounts.get(account).is_some_and(|account| account.roles.contains_key(&*name.folded()))
    }

    /// Whether a policy goes by that name or one that differs by case alone.
    pub(crate) fn policy_name_taken(&self, account: &AccountId, name: &PolicyName) -> bool {
        self.accounts.get(account).is_some_and(|account| account.policies.contains_key(&*name.folded()))
    }

    /// A customer managed policy.
    pub(crate) fn customer_policy(&self, arn: &PolicyArn) -> Option<&Kept<ManagedPolicy>> {
        let PolicyOwner::Account(account) = arn.owner() else { return None };
        let kept = self.accounts.get(account)?.policies.get(&*folded(arn.name()))?;
        (kept.value.arn == *arn).then_some(kept)
    }

    /// A managed policy, whoever owns it.
    pub(crate) fn policy(&self, arn: &PolicyArn) -> Option<&ManagedPolicy> {
        match arn.owner() {
            PolicyOwner::Aws => aws_managed::get(arn),
            PolicyOwner::Account(_) => self.customer_policy(arn).map(|kept| &*kept.value),
        }
    }

    /// Whether a role of the account may have that policy: AWS's own, and the account's.
    pub(crate) fn attachable(&self, account: &AccountId, arn: &PolicyArn) -> bool {
        let foreign = matches!(arn.owner(), PolicyOwner::Account(owner) if owner != account);
        !foreign && self.policy(arn).is_some()
    }

    /// An account's roles, ordered by name without case.
    pub(crate) fn roles(&self, account: &AccountId) -> impl Iterator<Item = &Arc<Role>> {
        self.accounts.get(account).into_iter().flat_map(|account| account.roles.values().map(|kept| &kept.value))
    }

    /// An account's own policies, ordered by name without case.
    pub(crate) fn policies(&self, account: &AccountId) -> impl Iterator<Item = &ManagedPolicy> {
        self.accounts.get(account).into_iter().flat_map(|account| account.policies.values().map(|kept| &*kept.value))
    }

    /// The key of an account's root user.
    pub(crate) fn root_key(&self, account: &AccountId) -> Option<&Arc<RootAccessKey>> {
        self.accounts.get(account)?.root_key.as_ref()
    }

    /// The account whose root user has the key `id`, and the key.
    pub(crate) fn root_key_by_id(&self, id: &str) -> Option<(&AccountId, &RootAccessKey)> {
        let account = self.root_keys.get(id)?;
        Some((account, self.root_key(account)?))
    }

    /// Takes in one event of the store. A record that cannot be read is left out, and said so in the log.
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Put(document) => {
                if let Err(error) = self.put(&document) {
                    let key = &document.key;
                    tracing::error!(error = &error as &dyn std::error::Error, partition = %key.partition, "a record of IAM cannot be read and counts as missing");
                    self.remove(&document.key);
                }
            }
            Event::Deleted { key, .. } => self.remove(&key),
            Event::CaughtUp => {}
        }
    }

    fn put(&mut self, document: &Document) -> Result<(), DecodeError> {
        let revision = document.revision;
        match Place::of(&document.key) {
            Some(Place::Role(account, name)) => {
                let value = Arc::new(Role::from_bytes(&account, &document.bytes)?);
                self.accounts.entry(account).or_default().roles.insert(name.into(), Kept { value, revision });
            }
            Some(Place::Policy(account, name)) => {
                let value = Arc::new(ManagedPolicy::from_bytes(&account, &document.bytes)?);
                self.accounts.entry(account).or_default().policies.insert(name.into(), Kept { value, revision });
            }
            Some(Place::RootKey(account)) => {
                let key = records::access_key::from_bytes(&document.bytes)?;
                self.remove(&document.key);
                self.root_keys.insert(key.id.as_str().into(), account.clone());
                self.accounts.entry(account).or_default().root_key = Some(Arc::new(key));
            }
            None => {}
        }
        Ok(())
    }

    fn remove(&mut self, key: &Key) {
        match Place::of(key) {
            Some(Place::Role(account, name)) => {
                if let Some(account) = self.accounts.get_mut(&account) {
                    account.roles.remove(&*name);
                }
            }
            Some(Place::Policy(account, name)) => {
                if let Some(account) = self.accounts.get_mut(&account) {
                    account.policies.remove(&*name);
                }
            }
            Some(Place::RootKey(account)) => {
                let key = self.accounts.get_mut(&account).and_then(|account| account.root_key.take());
                if let Some(key) = key {
                    self.root_keys.remove(key.id.as_str());
                }
            }
            None => {}
        }
    }
}

/// A name without case; as it is, if it is without upper case already.
fn folded(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|c| c.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}
