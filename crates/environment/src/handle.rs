//! The way to an environment: a [`Handle`] outside, an [`Inbox`] in the task that owns it.
//!
//! ```text
//!            invoke()          the call is handed over here, not when the future is first polled
//!  Starting ─────────► Taken ◄──────────┐
//!     │ INIT done        │ call over   │ invoke()
//!     └───────► Idle ◄───┘             │
//!                └─────────────────────┘            any ──► Gone
//! ```
//!
//! The status changes under one lock at hand-over, so two callers can never both
//! believe they hold the environment, and a caller that hangs up at any moment
//! leaves it `Taken` until the call is really over.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use lanthorn_model::arn::Version;
use lanthorn_model::invocation::{Completion, Invocation, Outcome, RequestId};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::failure;

/// Names one environment; its 32 digits also close its log stream's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvironmentId(Uuid);

/// The way to one environment. Cheap to clone; when the last is dropped, the environment is retired.
#[derive(Clone, Debug)]
pub struct Handle {
    id: EnvironmentId,
    version: Version,
    status: Arc<watch::Sender<Status>>,
    commands: mpsc::Sender<Command>,
}

/// Whether an environment may take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It waits for one.
    Idle,
    /// It will never again.
    Gone,
}

/// Why a call was not taken. The function has not seen the event: safe to try elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The environment was retired, or its box is gone.
    #[error("the environment is gone")]
    Gone,
    /// It runs another call.
    #[error("the environment runs another call")]
    Busy,
    /// It could not come up: no box, no interpreter or no code. The environment is gone.
    #[error("the environment could not start: {0}")]
    CannotStart(Arc<str>),
    /// It could not come up: the execution role is gone, or does not trust Lambda any more. The environment is gone.
    #[error("the environment could not start: {0}")]
    RoleNotAssumable(Arc<str>),
}

/// The owning task's end of a [`Handle`].
pub(crate) struct Inbox {
    pub(crate) id: EnvironmentId,
    pub(crate) status: Arc<watch::Sender<Status>>,
    pub(crate) commands: mpsc::Receiver<Command>,
}

/// What a handle can ask of the task.
#[derive(Debug)]
pub(crate) enum Command {
    Invoke(Invocation, Caller),
    Retire,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Starting,
    Taken,
    Idle,
    Gone,
}

/// Whoever waits for a call's end. Told exactly once: dropping it tells too.
#[derive(Debug)]
pub(crate) struct Caller {
    reply: Option<oneshot::Sender<Result<Completion, Refused>>>,
    request: RequestId,
    version: Version,
    /// From when on a refusal would be a lie.
    seen: bool,
}

/// At most one call is under way, so a full queue holds a retirement: whatever does not fit is answered by it.
const COMMANDS_MAX: usize = 4;

/// A handle and its inbox.
pub(crate) fn pair(id: EnvironmentId, version: Version) -> (Handle, Inbox) {
    let status = Arc::new(watch::Sender::new(Status::Starting));
    let (tx, rx) = mpsc::channel(COMMANDS_MAX);
    (Handle { id, version, status: Arc::clone(&status), commands: tx }, Inbox { id, status, commands: rx })
}

impl Handle {
    /// Which environment this is.
    #[must_use]
    pub fn id(&self) -> EnvironmentId {
        self.id
    }

    /// Runs one call, after INIT if that is still going on. The call is handed over when this is called; the
    /// future resolves when the runtime has answered or failed.
    ///
    /// # Errors
    /// [`Refused`], only if the function cannot have seen the event.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the answer, not the call.
    pub fn invoke(&self, invocation: Invocation) -> impl Future<Output = Result<Completion, Refused>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let caller = Caller { reply: Some(reply), request: invocation.id, version: self.version, seen: false };
        let taken = self.take().and_then(|()| {
            // Closed, or full of retirements.
            self.commands.try_send(Command::Invoke(invocation, caller)).map_err(|_| Refused::Gone)
        });
        async move {
            taken?;
            answer.await.unwrap_or(Err(Refused::Gone))
        }
    }

    /// Resolves when the environment may take a call: at once if it waits for one, after a call when the
    /// runtime is back, or when it is gone.
    pub fn ready(&self) -> impl Future<Output = Readiness> + Send + use<> {
        let mut status = self.status.subscribe();
        async move {
            match status.wait_for(|status| matches!(status, Status::Idle | Status::Gone)).await {
                Ok(status) if *status == Status::Idle => Readiness::Idle,
                _ => Readiness::Gone,
            }
        }
    }

    /// Drains the environment: a call in progress ends first, then everything in the box is killed.
    pub fn retire(&self) {
        // Refused if the task has ended, or if a retirement waits already.
        let _ = self.commands.try_send(Command::Retire);
    }

    /// Resolves when nothing of the environment is left.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut status = self.status.subscribe();
        async move {
            // An error means that the task itself has gone.
            let _ = status.wait_for(|status| *status == Status::Gone).await;
        }
    }

    fn take(&self) -> Result<(), Refused> {
        let mut taken = Ok(());
        self.status.send_if_modified(|status| match status {
            Status::Starting | Status::Idle => {
                *status = Status::Taken;
                true
            }
            Status::Taken => {
                taken = Err(Refused::Busy);
                false
            }
            Status::Gone => {
                taken = Err(Refused::Gone);
                false
            }
        });
        taken
    }
}

impl Inbox {
    /// INIT is done, or given up until a call comes. Leaves a call that was handed over meanwhile alone.
    pub(crate) fn came_up(&self) {
        self.change(Status::Starting, Status::Idle);
    }

    /// A call is over and the environment may take the next.
    pub(crate) fn came_home(&self) {
        self.change(Status::Taken, Status::Idle);
    }

    /// Refuses what still waits, and whatever comes later.
    pub(crate) fn close(&mut self) {
        self.commands.close();
        while self.commands.try_recv().is_ok() {}
    }

    fn change(&self, from: Status, to: Status) {
        self.status.send_if_modified(|status| {
            let matched = *status == from;
            if matched {
                *status = to;
            }
            matched
        });
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.close();
        self.status.send_replace(Status::Gone);
    }
}

impl Caller {
    /// From now on the function may have seen the event.
    pub(crate) fn seen(&mut self) {
        self.seen = true;
    }

    pub(crate) fn answer(mut self, completion: Completion) {
        self.tell(Ok(completion));
    }

    pub(crate) fn refuse(mut self, refused: Refused) {
        self.tell(Err(refused));
    }

    fn tell(&mut self, answer: Result<Completion, Refused>) {
        if let Some(reply) = self.reply.take() {
            // A caller that hung up is no concern of the environment.
            let _ = reply.send(answer);
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.reply.is_none() {
            return;
        }
        let answer = if self.seen {
            let outcome = Outcome::Failure(failure::sandbox_failure(self.request));
            Ok(Completion { outcome, executed_version: self.version, log_tail: None })
        } else {
            Err(Refused::Gone)
        };
        self.tell(answer);
    }
}

impl EnvironmentId {
    /// A fresh random id.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl fmt::Debug for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
