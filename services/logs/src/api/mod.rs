//! The API of CloudWatch Logs: AWS's shapes on one side, [`Logs`] on the other.
//!
//! What this is *not*: no decision is taken here but what a request means.

mod events;
mod groups;
mod streams;
mod tags;

use std::future::Future;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs;
use lanthorn_wire::router::Router;

use crate::Logs;
use crate::facts::{GroupNotFound, InvalidToken};
use crate::names::{GroupRef, Scope};

/// A request whose members, each good by itself, do not go together or name nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    NameAndIdentifier,
    NoGroup,
    NamesAndPrefix,
    PrefixAndPattern,
    IdentifiersAndOthers,
    LastEventAndPrefix,
    /// There is no key management, so there is no key.
    NoSuchKey,
    /// The ARN is not that of a group here.
    ResourceArn,
    SystemTag(String),
}

impl Logs {
    /// The handlers of the operations that are built.
    #[must_use]
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new(&logs::SERVICE)
            .on(logs::CreateLogGroup, self.handler(groups::create))
            .on(logs::DeleteLogGroup, self.handler(groups::delete))
            .on(logs::DescribeLogGroups, self.handler(groups::describe))
            .on(logs::PutLogGroupDeletionProtection, self.handler(groups::put_deletion_protection))
            .on(logs::PutRetentionPolicy, self.handler(groups::put_retention))
            .on(logs::DeleteRetentionPolicy, self.handler(groups::delete_retention))
            .on(logs::CreateLogStream, self.handler(streams::create))
            .on(logs::DeleteLogStream, self.handler(streams::delete))
            .on(logs::DescribeLogStreams, self.handler(streams::describe))
            .on(logs::PutLogEvents, self.handler(events::put))
            .on(logs::GetLogEvents, self.handler(events::get))
            .on(logs::FilterLogEvents, self.handler(events::filter))
            .on(logs::TagResource, self.handler(tags::tag_resource))
            .on(logs::UntagResource, self.handler(tags::untag_resource))
            .on(logs::ListTagsForResource, self.handler(tags::list_for_resource))
            .on(logs::TagLogGroup, self.handler(tags::tag_group))
            .on(logs::UntagLogGroup, self.handler(tags::untag_group))
            .on(logs::ListTagsLogGroup, self.handler(tags::list_for_group))
    }

    /// `operation` as the router takes it: with the logs, and in the caller's account and region.
    fn handler<Input, Output, F, Fut>(
        self: &Arc<Self>,
        operation: F,
    ) -> impl Fn(Context, Input) -> Fut + Send + Sync + 'static
    where
        F: Fn(Arc<Logs>, Arc<Scope>, Input) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Output, Fault>> + Send + 'static,
    {
        let logs = Arc::clone(self);
        move |context, input| operation(Arc::clone(&logs), Scope::new(&context.account, &context.region), input)
    }
}

/// The group that a request names in one of two ways.
fn group(scope: &Arc<Scope>, name: Option<String>, identifier: Option<String>) -> Result<GroupRef, Fault> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(Unclear::NameAndIdentifier.into()),
        (None, None) => Err(Unclear::NoGroup.into()),
        (Some(name), None) => Ok(GroupRef::new(scope, &name)),
        (None, Some(identifier)) => Ok(GroupRef::identified(scope, &identifier).ok_or(GroupNotFound)?),
    }
}

/// How many of a list are asked for, when at most `max` are given at once.
fn limit(asked: Option<i32>, max: usize) -> usize {
    asked.and_then(|asked| usize::try_from(asked).ok()).map_or(max, |asked| asked.clamp(1, max))
}

/// A token of a list: what was listed and where it ended, opaque.
fn list_token(list: &str, end: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{end}"))
}

/// Where the part of `list` ended that `token` was given with.
fn list_end(list: &str, token: &str) -> Result<String, InvalidToken> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidToken)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidToken)?;
    let end = text.strip_prefix(list).and_then(|rest| rest.strip_prefix(':')).ok_or(InvalidToken)?;
    Ok(end.to_owned())
}
