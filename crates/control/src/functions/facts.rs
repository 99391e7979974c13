//! Facts that more than one operation reports.

use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_store::records::function::DecodeError;

/// There is no such function, version or alias.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no function `{id}`{}", qualifier.as_ref().map(|q| format!(" with the qualifier `{q}`")).unwrap_or_default())]
pub struct FunctionNotFound {
    /// Which function.
    pub id: FunctionId,
    /// The qualifier, if the caller gave one.
    pub qualifier: Option<Qualifier>,
}

/// The name is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function `{0}` exists already")]
pub struct FunctionExists(pub FunctionId);

/// The function cannot be changed at the moment. Safe to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// It is still being created.
    #[error("the function `{0}` is still being created")]
    Creating(FunctionId),
    /// Its last update is still being applied.
    #[error("an update of `{0}` is still in progress")]
    Updating(FunctionId),
}

/// The caller's `RevisionId` is not the newest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function `{0}` has another revision than the caller expects")]
pub struct RevisionMismatch(pub FunctionId);

/// A function's record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error("cannot reach the functions' records")]
    Store(#[from] lanthorn_store::Error),
    /// The record makes no sense.
    #[error("cannot read a function's record")]
    Unreadable(#[from] DecodeError),
}
