//! The policies of roles on the wire: attached, inline, boundary.

use std::sync::Arc;

use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::iam::{
    AttachRolePolicyRequest, AttachedPolicy, DeleteRolePermissionsBoundaryRequest, DeleteRolePolicyRequest,
    DetachRolePolicyRequest, GetRolePolicyRequest, GetRolePolicyResponse, ListAttachedRolePoliciesRequest,
    ListAttachedRolePoliciesResponse, ListRolePoliciesRequest, ListRolePoliciesResponse,
    PutRolePermissionsBoundaryRequest, PutRolePolicyRequest,
};

use super::{encoded, page, policy_arn, policy_name, role_name};
use crate::iam::Iam;

pub(super) async fn attach(iam: Arc<Iam>, ctx: Context, input: AttachRolePolicyRequest) -> Result<(), Fault> {
    Ok(iam.attach(&ctx.account, &role_name(&input.role_name)?, &policy_arn(&input.policy_arn)?).await?)
}

pub(super) async fn detach(iam: Arc<Iam>, ctx: Context, input: DetachRolePolicyRequest) -> Result<(), Fault> {
    Ok(iam.detach(&ctx.account, &role_name(&input.role_name)?, &policy_arn(&input.policy_arn)?).await?)
}

pub(super) async fn list_attached(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListAttachedRolePoliciesRequest,
) -> Result<ListAttachedRolePoliciesResponse, Fault> {
    let role = iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    let prefix = input.path_prefix.unwrap_or_default();
    let found = role.list_attached(&prefix, &page(input.marker, input.max_items));
    let listed = found
        .items
        .iter()
        .map(|arn| AttachedPolicy { policy_name: Some(arn.name().to_owned()), policy_arn: Some(arn.to_string()) });
    Ok(ListAttachedRolePoliciesResponse {
        attached_policies: Some(listed.collect()),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

pub(super) async fn put_boundary(
    iam: Arc<Iam>,
    ctx: Context,
    input: PutRolePermissionsBoundaryRequest,
) -> Result<(), Fault> {
    let boundary = policy_arn(&input.permissions_boundary)?;
    Ok(iam.put_boundary(&ctx.account, &role_name(&input.role_name)?, &boundary).await?)
}

pub(super) async fn delete_boundary(
    iam: Arc<Iam>,
    ctx: Context,
    input: DeleteRolePermissionsBoundaryRequest,
) -> Result<(), Fault> {
    Ok(iam.delete_boundary(&ctx.account, &role_name(&input.role_name)?).await?)
}

pub(super) async fn put_inline(iam: Arc<Iam>, ctx: Context, input: PutRolePolicyRequest) -> Result<(), Fault> {
    let (role, policy) = (role_name(&input.role_name)?, policy_name(&input.policy_name)?);
    Ok(iam.put_inline(&ctx.account, &role, &policy, &input.policy_document).await?)
}

pub(super) async fn get_inline(
    iam: Arc<Iam>,
    ctx: Context,
    input: GetRolePolicyRequest,
) -> Result<GetRolePolicyResponse, Fault> {
    let role = iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    let document = role.inline_policy(&policy_name(&input.policy_name)?)?;
    Ok(GetRolePolicyResponse {
        role_name: input.role_name,
        policy_name: input.policy_name,
        policy_document: encoded(document),
    })
}

pub(super) async fn list_inline(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListRolePoliciesRequest,
) -> Result<ListRolePoliciesResponse, Fault> {
    let role = iam.get_role(&ctx.account, &role_name(&input.role_name)?)?;
    let found = role.list_inline(&page(input.marker, input.max_items));
    Ok(ListRolePoliciesResponse {
        policy_names: found.items.iter().map(ToString::to_string).collect(),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

pub(super) async fn delete_inline(iam: Arc<Iam>, ctx: Context, input: DeleteRolePolicyRequest) -> Result<(), Fault> {
    let (role, policy) = (role_name(&input.role_name)?, policy_name(&input.policy_name)?);
    Ok(iam.delete_inline(&ctx.account, &role, &policy).await?)
}
