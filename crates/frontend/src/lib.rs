//! Resolve, admit, invoke: what happens to a call between the edge and an environment.
//!
//! ```text
//!  edge ──► resolve   which function, which version      directory, in memory
//!       ──► admit     is it callable, is the event sane   limits, JSON
//!       ──► invoke    placement ──► Completion
//! ```
//!
//! On the hot path: it reads memory only. The [`Directory`] follows the store by
//! watching it; control plane and data plane share records, never locks. What
//! this crate is *not*: it knows no HTTP and no AWS error name.

mod admit;
mod directory;
mod json;

use std::sync::Arc;

use bytes::Bytes;
use lanthorn_model::arn::{FunctionId, Qualifier, Version};
use lanthorn_model::invocation::{Completion, Invocation, RequestId};
use lanthorn_placement::Placement;

pub use admit::InvalidEvent;
pub use directory::Directory;
pub use json::Malformed;
pub use lanthorn_placement::Refusal;

/// A call as the edge understood it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The request's id, which the function will see.
    pub id: RequestId,
    /// Which function.
    pub function: FunctionId,
    /// Which code of it; none if the caller named none.
    pub qualifier: Option<Qualifier>,
    /// The event as sent; empty means `{}`.
    pub payload: Bytes,
    /// The client context as sent: base64 of JSON.
    pub client_context: Option<Arc<str>>,
    /// The tracing header.
    pub trace: Option<Arc<str>>,
    /// Whether the caller wants the end of the log.
    pub wants_log_tail: bool,
}

/// A function does not exist, or not in that version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{id}` has no `{qualifier}`")]
pub struct NotFound {
    /// The function that was asked for.
    pub id: FunctionId,
    /// The qualifier that was asked for, `$LATEST` if none was.
    pub qualifier: Qualifier,
}

/// Why a call did not reach the function.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function or version.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The function is not ready: its state, as AWS names it.
    #[error("the function is {}", .0.as_str())]
    NotActive(lanthorn_model::function::State),
    /// The event or its context cannot be passed on.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// No environment could be had.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// One shard's front end. Cheap to clone.
#[derive(Clone)]
pub struct FrontEnd {
    directory: Arc<Directory>,
    placement: Placement,
}

impl FrontEnd {
    /// A front end that finds functions in `directory` and runs them through `placement`.
    #[must_use]
    pub fn new(directory: Arc<Directory>, placement: Placement) -> Self {
        Self { directory, placement }
    }

    /// Runs the function and waits for its answer.
    ///
    /// # Errors
    /// Each [`InvokeError`] says that the function has not seen the event.
    pub async fn invoke(&self, call: Call) -> Result<Completion, InvokeError> {
        let target = self.directory.resolve(&call.function, call.qualifier.as_ref())?;
        let client_context = admit::client_context(call.client_context.as_deref())?;
        let payload = admit::payload(call.payload)?;
        let invoked_arn = match &call.qualifier {
            None => target.function().id.arn().into(),
            Some(qualifier) => call.function.qualified_arn(qualifier).into(),
        };
        let invocation = Invocation {
            id: call.id,
            payload,
            invoked_arn,
            client_context,
            trace: call.trace,
            wants_log_tail: call.wants_log_tail,
        };
        Ok(self.placement.invoke(&target, invocation).await?)
    }

    /// Checks everything that [`FrontEnd::invoke`] checks, and runs nothing (`InvocationType=DryRun`).
    ///
    /// # Errors
    /// As for [`FrontEnd::invoke`].
    pub fn dry_run(&self, call: Call) -> Result<Version, InvokeError> {
        let target = self.directory.resolve(&call.function, call.qualifier.as_ref())?;
        admit::client_context(call.client_context.as_deref())?;
        admit::payload(call.payload)?;
        Ok(target.function().version)
    }
}
