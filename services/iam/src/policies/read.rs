//! GetPolicy, ListPolicies and ListEntitiesForPolicy.

use std::collections::HashMap;
use std::sync::Arc;

use lanthorn_model::arn::AccountId;

use super::NoSuchPolicy;
use crate::aws_managed;
use crate::iam::Iam;
use crate::managed_policy::ManagedPolicy;
use crate::names::{PolicyArn, PolicyOwner};
use crate::page::{Page, PageRequest};
use crate::role::Role;

/// Whose policies to list. Source: Smithy shape `policyScopeType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everyone's.
    #[default]
    All,
    /// AWS's.
    Aws,
    /// One's own.
    Local,
}

/// Which policies to list.
#[derive(Clone, Debug, Default)]
pub struct ListPolicies {
    /// Whose.
    pub scope: Scope,
    /// Only those that a role uses.
    pub only_attached: bool,
    /// Only those that a role is bounded by (`Some(true)`), or has attached (`Some(false)`).
    pub as_boundary: Option<bool>,
    /// Only those whose path begins with this.
    pub path_prefix: String,
}

/// Which of the roles that use a policy.
#[derive(Clone, Debug, Default)]
pub struct RolesUsing {
    /// Only those it bounds (`Some(true)`), or is attached to (`Some(false)`).
    pub as_boundary: Option<bool>,
    /// Only those whose path begins with this.
    pub path_prefix: String,
}

/// How many roles use a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Have it attached.
    pub attached: usize,
    /// Are bounded by it.
    pub boundaries: usize,
}

impl Iam {
    /// A managed policy and how much it is used; AWS's own count only this account's roles.
    ///
    /// # Errors
    /// There is none.
    pub fn get_policy(&self, account: &AccountId, arn: &PolicyArn) -> Result<(ManagedPolicy, Usage), NoSuchPolicy> {
        let snapshot = self.memory.now();
        let policy = snapshot.policy(arn).ok_or_else(|| NoSuchPolicy(arn.clone()))?;
        Ok((policy.clone(), usage(snapshot.roles(account), arn)))
    }

    /// The managed policies asked for, ordered by ARN.
    #[must_use]
    pub fn list_policies(
        &self,
        account: &AccountId,
        which: &ListPolicies,
        page: &PageRequest,
    ) -> Page<(ManagedPolicy, Usage)> {
        let snapshot = self.memory.now();
        let mut usages: HashMap<&PolicyArn, Usage> = HashMap::new();
        for role in snapshot.roles(account) {
            role.attached.iter().for_each(|arn| usages.entry(arn).or_default().attached += 1);
            role.boundary.iter().for_each(|arn| usages.entry(arn).or_default().boundaries += 1);
        }
        let of_aws =
            aws_managed::all().filter(|_| which.scope != Scope::Local).map(|policy| -> &ManagedPolicy { policy });
        let mut policies: Vec<&ManagedPolicy> =
            snapshot.policies(account).filter(|_| which.scope != Scope::Aws).collect();
        policies.extend(of_aws);
        policies.sort_unstable_by(|a, b| a.arn.as_str().cmp(b.arn.as_str()));
        let counted = policies.into_iter().map(|policy| (policy, usages.get(&policy.arn).copied().unwrap_or_default()));
        let wanted = counted.filter(|(policy, usage)| {
            policy.path.as_str().starts_with(&which.path_prefix)
                && (!which.only_attached || usage.attached > 0)
                && which
                    .as_boundary
                    .is_none_or(|boundary| if boundary { usage.boundaries > 0 } else { usage.attached > 0 })
        });
        let page = page.of(wanted, |(policy, _)| policy.arn.to_string());
        Page {
            items: page.items.into_iter().map(|(policy, usage)| (policy.clone(), usage)).collect(),
            marker: page.marker,
        }
    }

    /// The roles of the account that use a policy as asked, ordered by name.
    ///
    /// # Errors
    /// There is no such policy.
    pub fn roles_using(
        &self,
        account: &AccountId,
        arn: &PolicyArn,
        which: &RolesUsing,
        page: &PageRequest,
    ) -> Result<Page<Arc<Role>>, NoSuchPolicy> {
        let snapshot = self.memory.now();
        snapshot.policy(arn).ok_or_else(|| NoSuchPolicy(arn.clone()))?;
        let uses = |role: &&Arc<Role>| {
            let (bounded, attached) = (role.boundary.as_ref() == Some(arn), role.attached.contains(arn));
            which.as_boundary.map_or(bounded || attached, |boundary| if boundary { bounded } else { attached })
                && role.path.as_str().starts_with(&which.path_prefix)
        };
        Ok(page.of(snapshot.roles(account).filter(uses).cloned(), |role| role.name.folded()))
    }

    /// How many roles of its owner's account use a customer managed policy.
    pub(super) fn usage_of(&self, arn: &PolicyArn) -> Usage {
        match arn.owner() {
            PolicyOwner::Account(account) => usage(self.memory.now().roles(account), arn),
            PolicyOwner::Aws => Usage::default(),
        }
    }
}

fn usage<'a>(roles: impl Iterator<Item = &'a Arc<Role>>, arn: &PolicyArn) -> Usage {
    roles.fold(Usage::default(), |usage, role| Usage {
        attached: usage.attached + usize::from(role.attached.contains(arn)),
        boundaries: usage.boundaries + usize::from(role.boundary.as_ref() == Some(arn)),
    })
}
