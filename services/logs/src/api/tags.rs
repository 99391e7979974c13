//! Tags of log groups, by ARN and in the older operations by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, ListTagsLogGroupRequest, ListTagsLogGroupResponse,
    TagLogGroupRequest, TagResourceRequest, UntagLogGroupRequest, UntagResourceRequest,
};

use super::Unclear;
use crate::Logs;
use crate::names::{GroupRef, Scope};

pub(super) async fn tag_resource(logs: Arc<Logs>, scope: Arc<Scope>, input: TagResourceRequest) -> Result<(), Fault> {
    check(input.tags.keys())?;
    Ok(logs.tag(&resource(&scope, &input.resource_arn)?, input.tags).await?)
}

pub(super) async fn untag_resource(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: UntagResourceRequest,
) -> Result<(), Fault> {
    Ok(logs.untag(&resource(&scope, &input.resource_arn)?, &input.tag_keys).await?)
}

pub(super) async fn list_for_resource(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Fault> {
    let tags = logs.tags(&resource(&scope, &input.resource_arn)?).await?;
    Ok(ListTagsForResourceResponse { tags: Some(tags) })
}

pub(super) async fn tag_group(logs: Arc<Logs>, scope: Arc<Scope>, input: TagLogGroupRequest) -> Result<(), Fault> {
    check(input.tags.keys())?;
    Ok(logs.tag(&GroupRef::new(&scope, &input.log_group_name), input.tags).await?)
}

pub(super) async fn untag_group(logs: Arc<Logs>, scope: Arc<Scope>, input: UntagLogGroupRequest) -> Result<(), Fault> {
    Ok(logs.untag(&GroupRef::new(&scope, &input.log_group_name), &input.tags).await?)
}

pub(super) async fn list_for_group(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: ListTagsLogGroupRequest,
) -> Result<ListTagsLogGroupResponse, Fault> {
    let tags: BTreeMap<String, String> = logs.tags(&GroupRef::new(&scope, &input.log_group_name)).await?;
    Ok(ListTagsLogGroupResponse { tags: Some(tags) })
}

/// AWS keeps a prefix to itself. Source: Tagging quotas of CloudWatch Logs.
pub(super) fn check<'a>(mut keys: impl Iterator<Item = &'a String>) -> Result<(), Unclear> {
    match keys.find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        Some(key) => Err(Unclear::SystemTag(key.clone())),
        None => Ok(()),
    }
}

fn resource(scope: &Arc<Scope>, arn: &str) -> Result<GroupRef, Unclear> {
    let group = if arn.starts_with("arn:") { GroupRef::identified(scope, arn) } else { None };
    group.ok_or(Unclear::ResourceArn)
}
