//! What an environment does next: a pure function from state and event to state and actions.
//!
//! ```text
//!             Created                    Ready, no call
//!  Starting ──────────► Initialising{Init} ──────────────► Idle ◄──────────┐
//!     │                      │   │ Ready, call waits         │ Assign      │ Ready
//!     │ NotCreated           │   └───────────────► Busy ◄────┘             │
//!     ▼                      │ Failed, Exited,      │  │ Answered ─► Busy{answered}
//!   (gone)                   │ Deadline (10 s)      │ Deadline, Exited
//!                            ▼                      ▼
//!                        Resetting ◄────────────────┘            every process killed, box and /tmp kept
//!                            │ Reset, no call         │ Reset, a call waits
//!                            ▼                        ▼
//!                          Cold ──── Assign ───► Initialising{Invoke} ──Ready──► Busy
//!                                                     │ Failed, Exited, Deadline (the function's time-out)
//!                                                     └──► the call fails, Resetting
//!
//!  any ──Retire, after the call in progress──► Draining ──Destroyed──► Gone
//! ```
//!
//! `Initialising{Invoke}` is AWS's suppressed init: INIT failed or the environment was reset, so it runs
//! within the next call and under the function's time-out (developer guide, "execution environment").
//!
//! The driver performs the actions; nothing here knows a clock, a socket or a sandbox.

mod step;
#[cfg(test)]
mod tests;

pub(crate) use step::step;

/// Where an environment stands. `call` tells whether a call waits for it; `retiring`, whether it ends when
/// that call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The box is being made.
    Starting { call: bool, retiring: bool },
    /// A runtime process runs and has not asked for an event yet.
    Initialising { phase: Phase, call: bool, retiring: bool },
    /// The runtime waits for an event.
    Idle,
    /// The runtime has an event; `answered` once it has given the answer but not asked for the next event.
    Busy { answered: bool, retiring: bool },
    /// Every process is being killed.
    Resetting { call: bool, retiring: bool },
    /// The box stands, no process runs; the next call pays INIT.
    Cold,
    /// The box is being destroyed.
    Draining,
    /// Nothing is left.
    Gone,
}

/// When INIT runs, as AWS's telemetry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Ahead of any call, within 10 seconds.
    Init,
    /// Within a call.
    Invoke,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A call was handed over.
    Assign,
    /// The environment shall end.
    Retire,
    /// The box stands.
    Created,
    /// There will be no box.
    NotCreated,
    /// The runtime asks for an event.
    Ready,
    /// The runtime answered the call, well or with an error of the function's.
    Answered,
    /// The runtime reported that it cannot initialise, or could not be started.
    InitFailed,
    /// The runtime process ended.
    Exited(Ending),
    /// The time for INIT or for the call is over.
    Deadline,
    /// Every process is gone.
    Reset,
    /// The box died.
    BoxGone,
    /// The box is gone by our own hand.
    Destroyed,
}

/// How the runtime process ended, as far as the next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, or killed for its memory.
    Told,
    /// By a signal that it brought upon itself.
    Crashed,
    /// With its whole box.
    WithBox,
}

/// What the driver has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the runtime process and the phase's clock.
    Launch(Phase),
    /// Write the line of a failed INIT.
    ReportInit(Failure),
    /// Hand the waiting call to the runtime.
    Deliver,
    /// Write the call's last lines and tell the caller.
    Complete(Verdict),
    /// Tell the caller that the function has not seen the event.
    Refuse(Refusal),
    /// Tell whoever waits that a call may come.
    Announce,
    /// Tell whoever waits that a call may come, though it will wait until the box is reset: the same environment takes
    /// the next call, and finds its `/tmp` (recorded: `test_lambda_invoke_timed_out_environment_reuse`).
    Reopen,
    /// Kill every process, keep the box.
    Kill,
    /// Take no more calls and destroy the box.
    Destroy,
}

/// How INIT failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It took too long.
    TimedOut,
    /// The runtime said so.
    Reported,
    /// The runtime ended.
    Exited,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With an answer.
    Answered,
    /// Not in time.
    TimedOut,
    /// The runtime ended in the middle of it.
    Exited,
    /// INIT, re-run within it, failed.
    InitFailed,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another is in progress.
    Busy,
    /// The environment is ending.
    Gone,
    /// There is no box.
    CannotStart,
}

/// At most this many actions follow from one event.
const ACTIONS_MAX: usize = 4;

/// The actions of one step, in order; a fixed array, because a warm call takes three steps.
pub(crate) type Plan = [Option<Action>; ACTIONS_MAX];
