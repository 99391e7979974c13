//! Log streams.

use std::sync::Arc;

use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs::{
    CreateLogStreamRequest, DeleteLogStreamRequest, DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream,
};

use super::events::sequence_token;
use super::{Unclear, group, limit, list_end, list_token};
use crate::Logs;
use crate::facts::InvalidToken;
use crate::manage::{StreamListing, StreamOrder, StreamPlace, StreamQuery};
use crate::names::{GroupRef, Scope};

/// At most so many streams in one answer. Source: Smithy shape `DescribeLimit`.
const STREAMS_MAX: usize = 50;

pub(super) async fn create(logs: Arc<Logs>, scope: Arc<Scope>, input: CreateLogStreamRequest) -> Result<(), Fault> {
    let group = GroupRef::new(&scope, &input.log_group_name);
    Ok(logs.create_stream(&group, &input.log_stream_name).await?)
}

pub(super) async fn delete(logs: Arc<Logs>, scope: Arc<Scope>, input: DeleteLogStreamRequest) -> Result<(), Fault> {
    let group = GroupRef::new(&scope, &input.log_group_name);
    Ok(logs.delete_stream(&group, &input.log_stream_name).await?)
}

pub(super) async fn describe(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: DescribeLogStreamsRequest,
) -> Result<DescribeLogStreamsResponse, Fault> {
    let group = group(&scope, input.log_group_name, input.log_group_identifier)?;
    let order = match input.order_by.as_deref() {
        Some("LastEventTime") => StreamOrder::LastEvent,
        _ => StreamOrder::Name,
    };
    if order == StreamOrder::LastEvent && input.log_stream_name_prefix.is_some() {
        return Err(Unclear::LastEventAndPrefix.into());
    }
    let query = StreamQuery {
        prefix: input.log_stream_name_prefix.unwrap_or_default(),
        order,
        descending: input.descending.unwrap_or(false),
        after: input.next_token.as_deref().map(place).transpose()?,
        limit: limit(input.limit, STREAMS_MAX),
    };
    let (listings, more) = logs.list_streams(&group, &query).await?;
    let next_token = listings.last().filter(|_| more).map(|last| {
        let (last_ms, name) = last.place();
        list_token("streams", &format!("{last_ms}:{name}"))
    });
    let log_streams = listings.into_iter().map(|listing| shown(&group, listing)).collect();
    Ok(DescribeLogStreamsResponse { log_streams: Some(log_streams), next_token })
}

fn place(token: &str) -> Result<StreamPlace, InvalidToken> {
    let end = list_end("streams", token)?;
    let (last_ms, name) = end.split_once(':').ok_or(InvalidToken)?;
    Ok((last_ms.parse().map_err(|_| InvalidToken)?, name.to_owned()))
}

/// A stream as AWS shows it. Before the first event it has neither times nor a token, and its size is always 0 (recorded).
fn shown(group: &GroupRef, StreamListing { name, record }: StreamListing) -> LogStream {
    LogStream {
        arn: Some(group.stream_arn(&name)),
        log_stream_name: Some(name),
        creation_time: Some(record.created_ms),
        first_event_timestamp: record.written.map(|written| written.first_ms),
        last_event_timestamp: record.written.map(|written| written.last_ms),
        last_ingestion_time: record.written.map(|written| written.ingested_ms),
        upload_sequence_token: record.written.map(|written| sequence_token(written.sequence)),
        stored_bytes: Some(0),
    }
}
