//! Roles on the wire.

use std::sync::Arc;

use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::iam::{
    AttachedPermissionsBoundary, CreateRoleRequest, CreateRoleResponse, DeleteRoleRequest, GetRoleRequest,
    GetRoleResponse, ListInstanceProfilesForRoleRequest, ListInstanceProfilesForRoleResponse, ListRoleTagsRequest,
    ListRoleTagsResponse, ListRolesRequest, ListRolesResponse, Role as WireRole, RoleLastUsed, TagRoleRequest,
    UntagRoleRequest, UpdateAssumeRolePolicyRequest, UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse,
    UpdateRoleRequest, UpdateRoleResponse,
};

use super::{encoded, entity_path, page, policy_arn, role_name, tags_in, tags_out};
use crate::iam::Iam;
use crate::role::{MAX_SESSION_DEFAULT_S, Role};
use crate::roles::{NewRole, RoleUpdate};

pub(super) async fn create(iam: Arc<Iam>, ctx: Context, input: CreateRoleRequest) -> Result<CreateRoleResponse, Fault> {
    let new = NewRole {
        name: role_name(&input.role_name)?,
        path: entity_path(input.path.as_deref())?,
        trust: input.assume_role_policy_document,
        description: input.description,
        max_session_s: seconds(input.max_session_duration).unwrap_or(MAX_SESSION_DEFAULT_S),
        boundary: input.permissions_boundary.as_deref().map(policy_arn).transpose()?,
        tags: tags_in(input.tags.unwrap_or_default()),
    };
    let role = iam.create_role(&ctx.account, new).await?;
    // CreateRole tells no session duration and no last use (seen).
    Ok(CreateRoleResponse { role: WireRole { max_session_duration: None, role_last_used: None, ..whole(&role) } })
}

pub(super) async fn get(iam: Arc<Iam>, ctx: Context, input: GetRoleRequest) -> Result<GetRoleResponse, Fault> {
    let role = iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    Ok(GetRoleResponse { role: whole(&role) })
}

pub(super) async fn list(iam: Arc<Iam>, ctx: Context, input: ListRolesRequest) -> Result<ListRolesResponse, Fault> {
    let prefix = input.path_prefix.unwrap_or_default();
    let found = iam.list_roles(&ctx.account, &prefix, &page(input.marker, input.max_items));
    // Source: ListRoles reference: no boundary, last use or tags.
    let listed =
        |role: &Arc<Role>| WireRole { permissions_boundary: None, tags: None, role_last_used: None, ..whole(role) };
    Ok(ListRolesResponse {
        roles: found.items.iter().map(listed).collect(),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

pub(super) async fn update(iam: Arc<Iam>, ctx: Context, input: UpdateRoleRequest) -> Result<UpdateRoleResponse, Fault> {
    let update = RoleUpdate { description: input.description, max_session_s: seconds(input.max_session_duration) };
    iam.update_role(&ctx.account, &role_name(&input.role_name)?, update).await?;
    Ok(UpdateRoleResponse {})
}

pub(super) async fn update_description(
    iam: Arc<Iam>,
    ctx: Context,
    input: UpdateRoleDescriptionRequest,
) -> Result<UpdateRoleDescriptionResponse, Fault> {
    let update = RoleUpdate { description: Some(input.description), max_session_s: None };
    let role = iam.update_role(&ctx.account, &role_name(&input.role_name)?, update).await?;
    Ok(UpdateRoleDescriptionResponse { role: Some(whole(&role)) })
}

pub(super) async fn update_trust(
    iam: Arc<Iam>,
    ctx: Context,
    input: UpdateAssumeRolePolicyRequest,
) -> Result<(), Fault> {
    Ok(iam.update_trust(&ctx.account, &role_name(&input.role_name)?, &input.policy_document).await?)
}

pub(super) async fn delete(iam: Arc<Iam>, ctx: Context, input: DeleteRoleRequest) -> Result<(), Fault> {
    Ok(iam.delete_role(&ctx.account, &role_name(&input.role_name)?).await?)
}

pub(super) async fn tag(iam: Arc<Iam>, ctx: Context, input: TagRoleRequest) -> Result<(), Fault> {
    Ok(iam.tag_role(&ctx.account, &role_name(&input.role_name)?, &tags_in(input.tags)).await?)
}

pub(super) async fn untag(iam: Arc<Iam>, ctx: Context, input: UntagRoleRequest) -> Result<(), Fault> {
    Ok(iam.untag_role(&ctx.account, &role_name(&input.role_name)?, &input.tag_keys).await?)
}

pub(super) async fn list_tags(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListRoleTagsRequest,
) -> Result<ListRoleTagsResponse, Fault> {
    let role = iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    let found = role.list_tags(&page(input.marker, input.max_items));
    Ok(ListRoleTagsResponse {
        tags: tags_out(found.items.iter().map(|(key, value)| (key, value))),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

/// Instance profiles are for EC2's machines, of which there are none here: no role is in one.
pub(super) async fn list_instance_profiles(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListInstanceProfilesForRoleRequest,
) -> Result<ListInstanceProfilesForRoleResponse, Fault> {
    iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    Ok(ListInstanceProfilesForRoleResponse { instance_profiles: Vec::new(), is_truncated: Some(false), marker: None })
}

fn seconds(seconds: Option<i32>) -> Option<u32> {
    seconds.and_then(|seconds| seconds.try_into().ok())
}

/// A role with everything GetRole tells of it.
fn whole(role: &Role) -> WireRole {
    let boundary = role.boundary.as_ref().map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.to_string()),
    });
    let tags = role.tags.as_map();
    WireRole {
        path: role.path.to_string(),
        role_name: role.name.to_string(),
        role_id: role.id.to_string(),
        arn: role.arn.to_string(),
        create_date: role.created_at,
        assume_role_policy_document: Some(encoded(&role.trust)),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_s).ok(),
        permissions_boundary: boundary,
        tags: (!tags.is_empty()).then(|| tags_out(tags)),
        // Use is not tracked; AWS answers so for a role not used within its tracking period.
        role_last_used: Some(RoleLastUsed::default()),
        source_role_template: None,
    }
}
