//! Managed policies on the wire.

use std::sync::Arc;

use http::StatusCode;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::iam::{
    CreatePolicyRequest, CreatePolicyResponse, CreatePolicyVersionRequest, CreatePolicyVersionResponse,
    DeletePolicyRequest, DeletePolicyVersionRequest, GetPolicyRequest, GetPolicyResponse, GetPolicyVersionRequest,
    GetPolicyVersionResponse, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse, ListPoliciesRequest,
    ListPoliciesResponse, ListPolicyVersionsRequest, ListPolicyVersionsResponse, Policy, PolicyRole,
    PolicyVersion as WireVersion, SetDefaultPolicyVersionRequest,
};

use super::{encoded, entity_path, page, policy_arn, policy_name, tags_in, tags_out};
use crate::iam::Iam;
use crate::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::names::{PolicyArn, PolicyOwner};
use crate::page::Page;
use crate::policies::{ListPolicies, NewPolicy, NoSuchVersion, RolesUsing, Scope, Usage};

pub(super) async fn create(
    iam: Arc<Iam>,
    ctx: Context,
    input: CreatePolicyRequest,
) -> Result<CreatePolicyResponse, Fault> {
    let new = NewPolicy {
        name: policy_name(&input.policy_name)?,
        path: entity_path(input.path.as_deref())?,
        document: input.policy_document,
        description: input.description,
        tags: tags_in(input.tags.unwrap_or_default()),
    };
    let policy = iam.create_policy(&ctx.account, new).await?;
    // Source: CreatePolicy reference, example: no description in its answer.
    Ok(CreatePolicyResponse { policy: Some(Policy { description: None, ..whole(&policy, Usage::default()) }) })
}

pub(super) async fn get(iam: Arc<Iam>, ctx: Context, input: GetPolicyRequest) -> Result<GetPolicyResponse, Fault> {
    let (policy, usage) = iam.get_policy(&ctx.account, &policy_arn(&input.policy_arn)?)?;
    let tags = Some(tags_out(policy.tags.as_map()));
    Ok(GetPolicyResponse { policy: Some(Policy { tags, ..whole(&policy, usage) }) })
}

pub(super) async fn list(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListPoliciesRequest,
) -> Result<ListPoliciesResponse, Fault> {
    let which = ListPolicies {
        scope: match input.scope.as_deref() {
            Some("AWS") => Scope::Aws,
            Some("Local") => Scope::Local,
            _ => Scope::All,
        },
        only_attached: input.only_attached.unwrap_or_default(),
        as_boundary: input.policy_usage_filter.map(|usage| usage == "PermissionsBoundary"),
        path_prefix: input.path_prefix.unwrap_or_default(),
    };
    let found = iam.list_policies(&ctx.account, &which, &page(input.marker, input.max_items));
    // Source: ListPolicies reference: no descriptions or tags.
    let listed =
        found.items.iter().map(|(policy, usage)| Policy { description: None, tags: None, ..whole(policy, *usage) });
    Ok(ListPoliciesResponse {
        policies: Some(listed.collect()),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

/// Users and groups there are none; roles are listed unless the filter asks for others.
pub(super) async fn list_entities(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListEntitiesForPolicyRequest,
) -> Result<ListEntitiesForPolicyResponse, Fault> {
    let arn = policy_arn(&input.policy_arn)?;
    let which = RolesUsing {
        as_boundary: input.policy_usage_filter.map(|usage| usage == "PermissionsBoundary"),
        path_prefix: input.path_prefix.unwrap_or_default(),
    };
    let found = match input.entity_filter.as_deref() {
        None | Some("Role") => iam.roles_using(&ctx.account, &arn, &which, &page(input.marker, input.max_items))?,
        Some(_) => {
            iam.get_policy(&ctx.account, &arn)?;
            Page { items: Vec::new(), marker: None }
        }
    };
    let listed = found
        .items
        .iter()
        .map(|role| PolicyRole { role_name: Some(role.name.to_string()), role_id: Some(role.id.to_string()) });
    Ok(ListEntitiesForPolicyResponse {
        policy_groups: Some(Vec::new()),
        policy_users: Some(Vec::new()),
        policy_roles: Some(listed.collect()),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

pub(super) async fn delete(iam: Arc<Iam>, ctx: Context, input: DeletePolicyRequest) -> Result<(), Fault> {
    Ok(iam.delete_policy(&own(&ctx, "iam:DeletePolicy", &input.policy_arn)?).await?)
}

pub(super) async fn create_version(
    iam: Arc<Iam>,
    ctx: Context,
    input: CreatePolicyVersionRequest,
) -> Result<CreatePolicyVersionResponse, Fault> {
    let arn = own(&ctx, "iam:CreatePolicyVersion", &input.policy_arn)?;
    let in_force = input.set_as_default.unwrap_or_default();
    let (version, in_force) = iam.create_policy_version(&arn, &input.policy_document, in_force).await?;
    // Source: CreatePolicyVersion reference, example: no document in its answer.
    Ok(CreatePolicyVersionResponse {
        policy_version: Some(WireVersion { document: None, ..version_out(&version, in_force) }),
    })
}

pub(super) async fn get_version(
    iam: Arc<Iam>,
    ctx: Context,
    input: GetPolicyVersionRequest,
) -> Result<GetPolicyVersionResponse, Fault> {
    let (policy, _) = iam.get_policy(&ctx.account, &policy_arn(&input.policy_arn)?)?;
    let number = version_number(&input.version_id);
    let version = policy.version(number);
    let version = version.ok_or_else(|| NoSuchVersion { policy: policy.arn.clone(), version: number })?;
    Ok(GetPolicyVersionResponse { policy_version: Some(version_out(version, number == policy.default_version)) })
}

pub(super) async fn list_versions(
    iam: Arc<Iam>,
    ctx: Context,
    input: ListPolicyVersionsRequest,
) -> Result<ListPolicyVersionsResponse, Fault> {
    let (policy, _) = iam.get_policy(&ctx.account, &policy_arn(&input.policy_arn)?)?;
    // Newest first (seen); the marker counts down, so that it grows with the list.
    let newest_first = policy.versions.iter().rev();
    let found: Page<&PolicyVersion> =
        page(input.marker, input.max_items).of(newest_first, |version| format!("{:010}", u32::MAX - version.number));
    let listed = found.items.iter().map(|version| WireVersion {
        document: None,
        ..version_out(version, version.number == policy.default_version)
    });
    Ok(ListPolicyVersionsResponse {
        versions: Some(listed.collect()),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    })
}

pub(super) async fn set_default_version(
    iam: Arc<Iam>,
    ctx: Context,
    input: SetDefaultPolicyVersionRequest,
) -> Result<(), Fault> {
    let arn = own(&ctx, "iam:SetDefaultPolicyVersion", &input.policy_arn)?;
    Ok(iam.set_default_policy_version(&arn, version_number(&input.version_id)).await?)
}

pub(super) async fn delete_version(
    iam: Arc<Iam>,
    ctx: Context,
    input: DeletePolicyVersionRequest,
) -> Result<(), Fault> {
    let arn = own(&ctx, "iam:DeletePolicyVersion", &input.policy_arn)?;
    Ok(iam.delete_policy_version(&arn, version_number(&input.version_id)).await?)
}

/// The ARN of a policy to be changed. AWS's own belong to nobody who could change them.
fn own(ctx: &Context, action: &str, text: &str) -> Result<PolicyArn, Fault> {
    let arn = policy_arn(text)?;
    match arn.owner() {
        PolicyOwner::Account(_) => Ok(arn),
        PolicyOwner::Aws => {
            let who = ctx.principal.arn();
            let text = format!("User: {who} is not authorized to perform: {action} on resource: policy {arn}");
            Err(Fault::new(StatusCode::FORBIDDEN, "AccessDenied", text))
        }
    }
}

/// The number of `v3`; 0, which no version has, for the forms that only AWS's own partners use.
fn version_number(id: &str) -> u32 {
    id.strip_prefix('v').and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn version_out(version: &PolicyVersion, in_force: bool) -> WireVersion {
    WireVersion {
        document: Some(encoded(&version.document)),
        version_id: Some(format!("v{}", version.number)),
        is_default_version: Some(in_force),
        create_date: Some(version.created_at),
    }
}

/// A policy with everything but its tags, which GetPolicy tells even when there are none.
fn whole(policy: &ManagedPolicy, usage: Usage) -> Policy {
    let tags = policy.tags.as_map();
    Policy {
        policy_name: Some(policy.name.to_string()),
        policy_id: Some(policy.id.to_string()),
        arn: Some(policy.arn.to_string()),
        path: Some(policy.path.to_string()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: i32::try_from(usage.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(usage.boundaries).ok(),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(policy.created_at),
        update_date: Some(policy.updated_at),
        tags: (!tags.is_empty()).then(|| tags_out(tags)),
    }
}
