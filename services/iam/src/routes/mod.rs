//! The service on the wire: each operation's members to and from our own words.

mod policies;
mod role_policies;
mod roles;

use std::sync::Arc;

use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::iam::{self, Tag};
use lanthorn_wire::router::Router;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::document::Document;
use crate::fault_map;
use crate::iam::Iam;
use crate::names::{EntityPath, PolicyArn, PolicyName, RoleName};
use crate::page::PageRequest;

/// What RFC 3986 leaves as it is; documents in answers are encoded so. Source: GetRole reference.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Iam {
    /// The service's operations.
    #[must_use]
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new(&iam::SERVICE)
            .on(iam::CreateRole, with(self, roles::create))
            .on(iam::GetRole, with(self, roles::get))
            .on(iam::ListRoles, with(self, roles::list))
            .on(iam::UpdateRole, with(self, roles::update))
            .on(iam::UpdateRoleDescription, with(self, roles::update_description))
            .on(iam::UpdateAssumeRolePolicy, with(self, roles::update_trust))
            .on(iam::DeleteRole, with(self, roles::delete))
            .on(iam::TagRole, with(self, roles::tag))
            .on(iam::UntagRole, with(self, roles::untag))
            .on(iam::ListRoleTags, with(self, roles::list_tags))
            .on(iam::ListInstanceProfilesForRole, with(self, roles::list_instance_profiles))
            .on(iam::AttachRolePolicy, with(self, role_policies::attach))
            .on(iam::DetachRolePolicy, with(self, role_policies::detach))
            .on(iam::ListAttachedRolePolicies, with(self, role_policies::list_attached))
            .on(iam::PutRolePermissionsBoundary, with(self, role_policies::put_boundary))
            .on(iam::DeleteRolePermissionsBoundary, with(self, role_policies::delete_boundary))
            .on(iam::PutRolePolicy, with(self, role_policies::put_inline))
            .on(iam::GetRolePolicy, with(self, role_policies::get_inline))
            .on(iam::ListRolePolicies, with(self, role_policies::list_inline))
            .on(iam::DeleteRolePolicy, with(self, role_policies::delete_inline))
            .on(iam::CreatePolicy, with(self, policies::create))
            .on(iam::GetPolicy, with(self, policies::get))
            .on(iam::ListPolicies, with(self, policies::list))
            .on(iam::ListEntitiesForPolicy, with(self, policies::list_entities))
            .on(iam::DeletePolicy, with(self, policies::delete))
            .on(iam::CreatePolicyVersion, with(self, policies::create_version))
            .on(iam::GetPolicyVersion, with(self, policies::get_version))
            .on(iam::ListPolicyVersions, with(self, policies::list_versions))
            .on(iam::SetDefaultPolicyVersion, with(self, policies::set_default_version))
            .on(iam::DeletePolicyVersion, with(self, policies::delete_version))
    }
}

/// A handler that has the service at hand.
fn with<I, Fut>(
    service: &Arc<Iam>,
    handler: fn(Arc<Iam>, Context, I) -> Fut,
) -> impl Fn(Context, I) -> Fut + Send + Sync + 'static
where
    I: 'static,
    Fut: 'static,
{
    let service = Arc::clone(service);
    move |context, input| handler(Arc::clone(&service), context, input)
}

fn role_name(text: &str) -> Result<RoleName, Fault> {
    text.parse().map_err(|_| fault_map::invalid_name("roleName"))
}

fn policy_name(text: &str) -> Result<PolicyName, Fault> {
    text.parse().map_err(|_| fault_map::invalid_name("policyName"))
}

fn policy_arn(text: &str) -> Result<PolicyArn, Fault> {
    text.parse().map_err(|_| fault_map::invalid_arn(text))
}

fn entity_path(text: Option<&str>) -> Result<EntityPath, Fault> {
    text.map_or_else(|| Ok(EntityPath::root()), |text| text.parse().map_err(|_| fault_map::invalid_path()))
}

fn page(marker: Option<String>, max_items: Option<i32>) -> PageRequest {
    PageRequest { marker, max_items: max_items.and_then(|items| items.try_into().ok()) }
}

fn encoded(document: &Document) -> String {
    utf8_percent_encode(document.text(), RESERVED).to_string()
}

fn tags_in(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn tags_out<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}
