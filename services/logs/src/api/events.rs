//! Log events.

use std::sync::Arc;

use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs::{
    FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent, GetLogEventsRequest, GetLogEventsResponse,
    OutputLogEvent, PutLogEventsRequest, PutLogEventsResponse, RejectedEntityInfo, RejectedLogEventsInfo,
};

use super::{Unclear, group};
use crate::Logs;
use crate::ingest::Rejected;
use crate::names::{GroupRef, Scope};
use crate::read::{FilterQuery, GetQuery, Streams};
use crate::records::Line;

/// AWS gives such tokens and ignores those it is given. Source: PutLogEvents; recorded.
pub(super) fn sequence_token(sequence: u64) -> String {
    format!("49{sequence:054}")
}

pub(super) async fn put(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: PutLogEventsRequest,
) -> Result<PutLogEventsResponse, Fault> {
    let group = GroupRef::new(&scope, &input.log_group_name);
    let lines =
        input.log_events.into_iter().map(|event| Line { at_ms: event.timestamp, message: event.message }).collect();
    let receipt = logs.put(&group, &input.log_stream_name, lines).await?;
    Ok(PutLogEventsResponse {
        next_sequence_token: Some(sequence_token(receipt.sequence)),
        rejected_log_events_info: rejected(receipt.rejected),
        // Entities relate logs to metrics in a service that is not built: taken in are the events, not the entity.
        rejected_entity_info: input
            .entity
            .map(|_| RejectedEntityInfo { error_type: "UnsupportedLogGroupType".to_owned() }),
    })
}

fn rejected(rejected: Rejected) -> Option<RejectedLogEventsInfo> {
    let index = |index: Option<usize>| index.and_then(|index| i32::try_from(index).ok());
    (rejected != Rejected::default()).then(|| RejectedLogEventsInfo {
        too_new_log_event_start_index: index(rejected.too_new_start),
        too_old_log_event_end_index: index(rejected.too_old_end),
        expired_log_event_end_index: index(rejected.expired_end),
    })
}

pub(super) async fn get(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: GetLogEventsRequest,
) -> Result<GetLogEventsResponse, Fault> {
    let group = group(&scope, input.log_group_name, input.log_group_identifier)?;
    let query = GetQuery {
        start_ms: input.start_time,
        end_ms: input.end_time,
        token: input.next_token,
        limit: input.limit.and_then(|limit| usize::try_from(limit).ok()),
        from_head: input.start_from_head.unwrap_or(false),
    };
    let got = logs.get_events(&group, &input.log_stream_name, query).await?;
    let shown = got.events.into_iter().map(|event| OutputLogEvent {
        timestamp: Some(event.position.at_ms),
        message: Some(event.message),
        ingestion_time: Some(event.ingested_ms),
    });
    Ok(GetLogEventsResponse {
        events: Some(shown.collect()),
        next_forward_token: Some(got.forward),
        next_backward_token: Some(got.backward),
    })
}

pub(super) async fn filter(
    logs: Arc<Logs>,
    scope: Arc<Scope>,
    input: FilterLogEventsRequest,
) -> Result<FilterLogEventsResponse, Fault> {
    let group = group(&scope, input.log_group_name, input.log_group_identifier)?;
    let streams = match (input.log_stream_names, input.log_stream_name_prefix) {
        (Some(_), Some(_)) => return Err(Unclear::NamesAndPrefix.into()),
        (Some(names), None) => Streams::Named(names),
        (None, Some(prefix)) => Streams::Prefixed(prefix),
        (None, None) => Streams::All,
    };
    let query = FilterQuery {
        streams,
        start_ms: input.start_time,
        end_ms: input.end_time,
        pattern: input.filter_pattern,
        token: input.next_token,
        limit: input.limit.and_then(|limit| usize::try_from(limit).ok()),
        backward: input.start_from_head == Some(false),
    };
    let filtered = logs.filter_events(&group, query).await?;
    let shown = filtered.events.into_iter().map(|event| FilteredLogEvent {
        log_stream_name: Some(event.stream.to_string()),
        timestamp: Some(event.position.at_ms),
        message: Some(event.message),
        ingestion_time: Some(event.ingested_ms),
        event_id: Some(event.position.event_id()),
    });
    Ok(FilterLogEventsResponse {
        events: Some(shown.collect()),
        // Always empty on AWS too (recorded).
        searched_log_streams: Some(Vec::new()),
        next_token: filtered.token,
    })
}
