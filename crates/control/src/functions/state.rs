//! The steps a function's record takes, decided without touching anything.
//!
//! ```text
//!            created()                 settled(Ok)
//!   (none) ────────────► Pending ─────────────────────► Active, Successful ◄────────────────┐
//!                           │ settled(Err)                     │ changed()                 │ settled(Ok)
//!                           ▼                                  ▼                           │
//!                        Failed ───────── changed() ───► InProgress: the record shows the  │
//!                                                        new, calls run the old ───────────┤
//!                                                              ▲  changed() │ settled(Err) │
//!                                                              └──── Failed ◄──────────────┘ (the old goes on running)
//! ```
//!
//! Each step gives the record a new revision id (recorded: it changes when a function
//! becomes Active and when an update becomes Successful, too).

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanthorn_model::arn::{FunctionId, Version};
use lanthorn_model::function::{Code, Configuration, Function, LastUpdate, State};
use lanthorn_store::records::function::{Record, Running};
use uuid::Uuid;

use super::facts::Busy;

/// Why a change could not be applied; shown as `LastUpdateStatusReason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotApplied(pub(super) String);

/// A function as it is first recorded.
pub(super) fn created(
    id: FunctionId,
    configuration: Configuration,
    code: Code,
    tags: BTreeMap<String, String>,
    now: Timestamp,
) -> Record {
    let function = Function {
        id,
        version: Version::Latest,
        configuration,
        code,
        state: State::Pending,
        last_update: None,
        revision_id: Uuid::new_v4(),
        last_modified: now,
        tags,
    };
    Record { function, running: None }
}

/// Whether the background still has something to do for it.
pub(super) fn is_unsettled(record: &Record) -> bool {
    record.function.state == State::Pending || record.function.last_update == Some(LastUpdate::InProgress)
}

/// Whether it may be changed now.
pub(super) fn is_changeable(record: &Record) -> Result<(), Busy> {
    let function = &record.function;
    if function.state == State::Pending {
        return Err(Busy::Creating(function.id.clone()));
    }
    match function.last_update {
        Some(LastUpdate::InProgress) => Err(Busy::Updating(function.id.clone())),
        Some(LastUpdate::Successful | LastUpdate::Failed(_)) | None => Ok(()),
    }
}

/// `record` with `configuration` and `code` about to be applied.
pub(super) fn changed(
    record: Record,
    configuration: Configuration,
    code: Code,
    now: Timestamp,
) -> Result<Record, Busy> {
    is_changeable(&record)?;
    let Record { mut function, running } = record;
    let replaced = Running {
        configuration: std::mem::replace(&mut function.configuration, configuration),
        code: std::mem::replace(&mut function.code, code),
    };
    let running = match function.state {
        // After a failed update calls still run what was there before it.
        State::Active => Some(running.unwrap_or(replaced)),
        // It never ran, so there is nothing to go on with.
        State::Failed | State::Pending => None,
    };
    function.last_update = Some(LastUpdate::InProgress);
    function.last_modified = now;
    function.revision_id = Uuid::new_v4();
    Ok(Record { function, running })
}

/// `record` once its code is in place, or cannot be; none if nothing was waiting for that.
pub(super) fn settled(record: Record, outcome: Result<(), NotApplied>) -> Option<Record> {
    if !is_unsettled(&record) {
        return None;
    }
    let Record { mut function, mut running } = record;
    match outcome {
        Ok(()) => {
            function.state = State::Active;
            function.last_update = Some(LastUpdate::Successful);
            running = None;
        }
        Err(_) if function.state == State::Pending => function.state = State::Failed,
        Err(NotApplied(reason)) => function.last_update = Some(LastUpdate::Failed(reason)),
    }
    function.revision_id = Uuid::new_v4();
    Some(Record { function, running })
}

#[cfg(test)]
mod tests;
