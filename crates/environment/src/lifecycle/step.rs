//! The one decision: [`step`].

use super::{ACTIONS_MAX, Action, Ending, Event, Failure, Phase, Plan, Refusal, State, Verdict};

/// Decides; touches nothing. Total: an event that means nothing in a state changes nothing.
pub(crate) fn step(state: State, event: Event) -> (State, Plan) {
    match state {
        State::Starting { call, retiring } => starting(call, retiring, event),
        State::Initialising { phase, call, retiring } => initialising(phase, call, retiring, event),
        State::Idle => idle(event),
        State::Busy { answered, retiring } => busy(answered, retiring, event),
        State::Resetting { call, retiring } => resetting(call, retiring, event),
        State::Cold => cold(event),
        State::Draining => draining(event),
        State::Gone => match event {
            Event::Assign => (State::Gone, plan([Action::Refuse(Refusal::Gone)])),
            _ => (State::Gone, plan([])),
        },
    }
}

/// After a failed call: the next one is welcome, and waits.
const RESETTING: State = State::Resetting { call: false, retiring: false };

fn starting(call: bool, retiring: bool, event: Event) -> (State, Plan) {
    let stay = State::Starting { call, retiring };
    match event {
        Event::Assign if call => (stay, plan([Action::Refuse(Refusal::Busy)])),
        Event::Assign if retiring => (stay, plan([Action::Refuse(Refusal::Gone)])),
        Event::Assign => (State::Starting { call: true, retiring }, plan([])),
        Event::Retire => (State::Starting { call, retiring: true }, plan([])),
        Event::Created if retiring && !call => (State::Draining, plan([Action::Destroy])),
        Event::Created => {
            (State::Initialising { phase: Phase::Init, call, retiring }, plan([Action::Launch(Phase::Init)]))
        }
        Event::NotCreated if call => (State::Draining, plan([Action::Refuse(Refusal::CannotStart), Action::Destroy])),
        Event::NotCreated => (State::Draining, plan([Action::Destroy])),
        _ => (stay, plan([])),
    }
}

fn initialising(phase: Phase, call: bool, retiring: bool, event: Event) -> (State, Plan) {
    let stay = State::Initialising { phase, call, retiring };
    match event {
        Event::Assign if call => (stay, plan([Action::Refuse(Refusal::Busy)])),
        Event::Assign => (State::Initialising { phase, call: true, retiring }, plan([])),
        Event::Retire if call => (State::Initialising { phase, call, retiring: true }, plan([])),
        Event::Retire => (State::Draining, plan([Action::Destroy])),
        Event::Ready if call => (State::Busy { answered: false, retiring }, plan([Action::Deliver])),
        Event::Ready => (State::Idle, plan([Action::Announce])),
        Event::Deadline => init_failed(phase, call, retiring, Failure::TimedOut),
        Event::InitFailed => init_failed(phase, call, retiring, Failure::Reported),
        // AWS lets a call whose re-run INIT crashes natively run into its time-out (recorded:
        // `Sandbox.Timedout` after 30.00 seconds for a module that overflows the stack while it is imported).
        Event::Exited(Ending::Crashed) if phase == Phase::Invoke => (stay, plan([])),
        Event::Exited(Ending::Told | Ending::Crashed) => init_failed(phase, call, retiring, Failure::Exited),
        Event::Exited(Ending::WithBox) | Event::BoxGone => lost(call),
        _ => (stay, plan([])),
    }
}

/// INIT came to nothing: within a call the call fails, ahead of one the next call tries again.
fn init_failed(phase: Phase, call: bool, retiring: bool, failure: Failure) -> (State, Plan) {
    let report = Action::ReportInit(failure);
    match phase {
        Phase::Init => (State::Resetting { call, retiring }, plan([report, Action::Kill])),
        Phase::Invoke => {
            let verdict = match failure {
                Failure::TimedOut => Verdict::TimedOut,
                Failure::Reported => Verdict::InitFailed,
                Failure::Exited => Verdict::Exited,
            };
            let complete = Action::Complete(verdict);
            if retiring {
                (State::Draining, plan([report, complete, Action::Destroy]))
            } else {
                (RESETTING, plan([report, complete, Action::Reopen, Action::Kill]))
            }
        }
    }
}

fn idle(event: Event) -> (State, Plan) {
    match event {
        Event::Assign => (State::Busy { answered: false, retiring: false }, plan([Action::Deliver])),
        Event::Retire | Event::BoxGone | Event::Exited(Ending::WithBox) => (State::Draining, plan([Action::Destroy])),
        Event::Exited(_) => (State::Resetting { call: false, retiring: false }, plan([Action::Kill])),
        _ => (State::Idle, plan([])),
    }
}

fn busy(answered: bool, retiring: bool, event: Event) -> (State, Plan) {
    let stay = State::Busy { answered, retiring };
    match event {
        Event::Assign => (stay, plan([Action::Refuse(Refusal::Busy)])),
        Event::Retire => (State::Busy { answered, retiring: true }, plan([])),
        Event::Answered if !answered => {
            (State::Busy { answered: true, retiring }, plan([Action::Complete(Verdict::Answered)]))
        }
        Event::Ready if answered && retiring => (State::Draining, plan([Action::Destroy])),
        Event::Ready if answered => (State::Idle, plan([Action::Announce])),
        Event::Deadline | Event::Exited(Ending::Told | Ending::Crashed) if answered && retiring => {
            (State::Draining, plan([Action::Destroy]))
        }
        Event::Deadline | Event::Exited(Ending::Told | Ending::Crashed) if answered => {
            (RESETTING, plan([Action::Reopen, Action::Kill]))
        }
        Event::Deadline => call_failed(retiring, Verdict::TimedOut),
        Event::Exited(Ending::Told | Ending::Crashed) => call_failed(retiring, Verdict::Exited),
        Event::Exited(Ending::WithBox) | Event::BoxGone if answered => (State::Draining, plan([Action::Destroy])),
        Event::Exited(Ending::WithBox) | Event::BoxGone => {
            (State::Draining, plan([Action::Complete(Verdict::Exited), Action::Destroy]))
        }
        _ => (stay, plan([])),
    }
}

fn call_failed(retiring: bool, verdict: Verdict) -> (State, Plan) {
    let complete = Action::Complete(verdict);
    if retiring {
        (State::Draining, plan([complete, Action::Destroy]))
    } else {
        (RESETTING, plan([complete, Action::Reopen, Action::Kill]))
    }
}

fn resetting(call: bool, retiring: bool, event: Event) -> (State, Plan) {
    let stay = State::Resetting { call, retiring };
    match event {
        Event::Assign if call => (stay, plan([Action::Refuse(Refusal::Busy)])),
        Event::Assign if retiring => (stay, plan([Action::Refuse(Refusal::Gone)])),
        Event::Assign => (State::Resetting { call: true, retiring }, plan([])),
        Event::Retire => (State::Resetting { call, retiring: true }, plan([])),
        Event::Reset if call => {
            let phase = Phase::Invoke;
            (State::Initialising { phase, call, retiring }, plan([Action::Launch(phase)]))
        }
        Event::Reset if retiring => (State::Draining, plan([Action::Destroy])),
        Event::Reset => (State::Cold, plan([Action::Announce])),
        Event::BoxGone => lost(call),
        _ => (stay, plan([])),
    }
}

fn cold(event: Event) -> (State, Plan) {
    match event {
        Event::Assign => {
            let phase = Phase::Invoke;
            (State::Initialising { phase, call: true, retiring: false }, plan([Action::Launch(phase)]))
        }
        Event::Retire | Event::BoxGone => (State::Draining, plan([Action::Destroy])),
        _ => (State::Cold, plan([])),
    }
}

fn draining(event: Event) -> (State, Plan) {
    match event {
        Event::Assign => (State::Draining, plan([Action::Refuse(Refusal::Gone)])),
        Event::Destroyed => (State::Gone, plan([])),
        _ => (State::Draining, plan([])),
    }
}

/// The box died before the runtime asked for an event: a waiting call has not been seen.
fn lost(call: bool) -> (State, Plan) {
    if call {
        (State::Draining, plan([Action::Refuse(Refusal::Gone), Action::Destroy]))
    } else {
        (State::Draining, plan([Action::Destroy]))
    }
}

fn plan<const N: usize>(actions: [Action; N]) -> Plan {
    const { assert!(N <= ACTIONS_MAX, "a plan holds every action of a step") };
    let mut plan = [None; ACTIONS_MAX];
    for (place, action) in plan.iter_mut().zip(actions) {
        *place = Some(action);
    }
    plan
}
