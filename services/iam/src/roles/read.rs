//! GetRole, ListRoles, and what hangs on a role: attached and inline policies.

use std::sync::Arc;

use lanthorn_model::arn::AccountId;

use super::{NoSuchInlinePolicy, NoSuchRole};
use crate::document::Document;
use crate::iam::Iam;
use crate::names::{PolicyArn, PolicyName, RoleName};
use crate::page::{Page, PageRequest};
use crate::role::Role;

impl Iam {
    /// The role called `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn get_role(&self, account: &AccountId, name: &RoleName) -> Result<Arc<Role>, NoSuchRole> {
        let snapshot = self.memory.now();
        let kept = snapshot.role(account, name.as_str()).ok_or_else(|| NoSuchRole(name.clone()))?;
        Ok(Arc::clone(&kept.value))
    }

    /// The roles whose path begins with `path_prefix`, ordered by name without case.
    #[must_use]
    pub fn list_roles(&self, account: &AccountId, path_prefix: &str, page: &PageRequest) -> Page<Arc<Role>> {
        let snapshot = self.memory.now();
        let roles = snapshot.roles(account).filter(|role| role.path.as_str().starts_with(path_prefix));
        page.of(roles.cloned(), |role| role.name.folded())
    }
}

impl Role {
    /// The managed policies attached to it whose path begins with `path_prefix`.
    #[must_use]
    pub fn list_attached(&self, path_prefix: &str, page: &PageRequest) -> Page<PolicyArn> {
        let path = |arn: &PolicyArn| {
            let resource = arn.as_str().splitn(6, ':').nth(5).unwrap_or_default();
            let path = resource.strip_prefix("policy").unwrap_or_default();
            path[..path.len() - arn.name().len()].to_owned()
        };
        let attached = self.attached.iter().filter(|arn| path(arn).starts_with(path_prefix));
        page.of(attached.cloned(), ToString::to_string)
    }

    /// The names of the policies written into it.
    #[must_use]
    pub fn list_inline(&self, page: &PageRequest) -> Page<PolicyName> {
        page.of(self.inline.keys().cloned(), ToString::to_string)
    }

    /// The policy called `name` that is written into it.
    ///
    /// # Errors
    /// There is none.
    pub fn inline_policy(&self, name: &PolicyName) -> Result<&Document, NoSuchInlinePolicy> {
        self.inline.get(name).ok_or_else(|| NoSuchInlinePolicy(name.clone()))
    }

    /// Its tags, ordered by key.
    #[must_use]
    pub fn list_tags(&self, page: &PageRequest) -> Page<(String, String)> {
        let tags = self.tags.as_map().iter().map(|(key, value)| (key.clone(), value.clone()));
        page.of(tags, |(key, _)| key.clone())
    }
}
