//! Log groups.

use std::sync::Arc;

use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs::{
    CreateLogGroupRequest, DeleteLogGroupRequest, DeleteRetentionPolicyRequest, DescribeLogGroupsRequest,
    DescribeLogGroupsResponse, LogGroup, PutLogGroupDeletionProtectionRequest, PutRetentionPolicyRequest,
};

use super::{Unclear, limit, list_end, list_token, tags};
use crate::Logs;
use crate::catalogue::NewGroup;
use crate::facts::GroupNotFound;
use crate::manage::{GroupListing, GroupQuery};
use crate::names::{GroupRef, Scope};
use crate::records::Class;

/// At most so many groups in one answer. Source: Smithy shape `DescribeLimit`.
const GROUPS_MAX: usize = 50;

pub(super) async fn create(logs: Arc<Logs>, scope: Arc<Scope>, input: CreateLogGroupRequest) -> Result<(), Fault> {
    if input.kms_key_id.is_some() {
        return Err(Unclear::NoSuchKey.into());
    }
    let tags = input.tags.unwrap_or_default();
    tags::check(tags.keys())?;
    let new = NewGroup {
        class: input.log_group_class.as_deref().and_then(Class::parse).unwrap_or(Class::Standard),
        deletion_protected: input.deletion_protection_enabled.unwrap_or(false),
        tags,
    };
    Ok(logs.create_group(&GroupRef::new(&scope, &input.log_group_name), new).await?)
}

pub(super) async fn delete(logs: Arc<Logs>, scope: Arc<Scope>, input: DeleteLogGroupRequest) -> Result<(), Fault> {
    Ok(logs.delete_group(&GroupRef::new(&scope, &input.log_group_name)).await?)
}

pub(super) async fn describe(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: DescribeLogGroupsRequest,
) -> Result<DescribeLogGroupsResponse, Fault> {
    let by_name = input.log_group_name_prefix.is_some() || input.log_group_name_pattern.is_some();
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(Unclear::PrefixAndPattern.into());
    }
    if input.log_group_identifiers.is_some() && (by_name || input.log_group_class.is_some()) {
        return Err(Unclear::IdentifiersAndOthers.into());
    }
    // No account watches over another here: of several accounts only the caller's own has groups to show.
    let elsewhere = input.account_identifiers.as_ref().is_some_and(|accounts| {
        !accounts.is_empty() && !accounts.iter().any(|account| account == scope.account.as_str())
    });
    if elsewhere {
        return Ok(DescribeLogGroupsResponse { log_groups: Some(Vec::new()), next_token: None });
    }
    let names = input.log_group_identifiers.map(|identifiers| {
        let groups = identifiers.iter().filter_map(|identifier| GroupRef::identified(&scope, identifier));
        groups.map(|group| group.name).collect()
    });
    let brief = input.log_group_name_pattern.as_ref().is_some_and(|pattern| !pattern.is_empty());
    let query = GroupQuery {
        prefix: input.log_group_name_prefix.unwrap_or_default(),
        pattern: input.log_group_name_pattern.unwrap_or_default(),
        class: input.log_group_class.as_deref().and_then(Class::parse),
        names,
        after: input.next_token.map(|token| list_end("groups", &token)).transpose()?,
        limit: limit(input.limit, GROUPS_MAX),
    };
    let (listings, more) = logs.list_groups(&scope, &query).await?;
    let next_token = listings.last().filter(|_| more).map(|last| list_token("groups", &last.group.name));
    let log_groups = listings.into_iter().map(|listing| shown(listing, brief)).collect();
    Ok(DescribeLogGroupsResponse { log_groups: Some(log_groups), next_token })
}

pub(super) async fn put_deletion_protection(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: PutLogGroupDeletionProtectionRequest,
) -> Result<(), Fault> {
    let group = GroupRef::identified(&scope, &input.log_group_identifier).ok_or(GroupNotFound)?;
    Ok(logs.protect_group(&group, input.deletion_protection_enabled).await?)
}

pub(super) async fn put_retention(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: PutRetentionPolicyRequest,
) -> Result<(), Fault> {
    let group = GroupRef::new(&scope, &input.log_group_name);
    Ok(logs.put_retention(&group, input.retention_in_days).await?)
}

pub(super) async fn delete_retention(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: DeleteRetentionPolicyRequest,
) -> Result<(), Fault> {
    Ok(logs.delete_retention(&GroupRef::new(&scope, &input.log_group_name)).await?)
}

/// A group as AWS shows it; a search by pattern shows less (recorded).
fn shown(GroupListing { group, record, stored_bytes }: GroupListing, brief: bool) -> LogGroup {
    let shown = LogGroup {
        log_group_name: Some(group.name.to_string()),
        creation_time: Some(record.created_ms),
        metric_filter_count: Some(0),
        arn: Some(format!("{}:*", group.arn())),
        log_group_class: Some(record.class.as_str().to_owned()),
        log_group_arn: Some(group.arn()),
        ..LogGroup::default()
    };
    if brief {
        return shown;
    }
    LogGroup {
        retention_in_days: record.retention_days().map(i32::from),
        stored_bytes: Some(i64::try_from(stored_bytes).unwrap_or(i64::MAX)),
        deletion_protection_enabled: Some(record.deletion_protected),
        ..shown
    }
}
