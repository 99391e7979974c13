//! The drawing of [`super`], held to over random orders of events.

use proptest::prelude::*;

use super::*;

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Assign),
        1 => Just(Event::Retire),
        3 => Just(Event::Created),
        1 => Just(Event::NotCreated),
        4 => Just(Event::Ready),
        3 => Just(Event::Answered),
        1 => Just(Event::InitFailed),
        2 => prop_oneof![Just(Ending::Told), Just(Ending::Crashed), Just(Ending::WithBox)].prop_map(Event::Exited),
        1 => Just(Event::Deadline),
        3 => Just(Event::Reset),
        1 => Just(Event::BoxGone),
        1 => Just(Event::Destroyed),
    ]
}

/// What an observer of the actions alone knows.
#[derive(Default)]
struct Observer {
    calls_open: u32,
    delivered: bool,
    /// The last call is over, but the runtime has not asked for the next event.
    answered: bool,
    process: bool,
    destroyed: bool,
}

impl Observer {
    fn see(&mut self, action: Action) {
        match action {
            Action::Launch(_) => {
                assert!(!self.process, "two runtimes in one box");
                assert!(!self.destroyed, "a runtime in a destroyed box");
                self.process = true;
            }
            Action::Deliver => {
                assert!(self.process, "an event for nobody");
                assert!(!self.delivered, "two events at once");
                assert!(self.calls_open > 0, "an event out of nothing");
                self.delivered = true;
            }
            Action::Complete(verdict) => {
                assert!(self.calls_open > 0, "an answer to nobody");
                assert!(verdict != Verdict::Answered || self.delivered, "an answer to no event");
                self.calls_open -= 1;
                self.delivered = false;
                self.answered = true;
            }
            Action::Refuse(Refusal::Busy) => {
                assert!(self.calls_open > 1 || self.answered, "a call was refused by an environment that waits");
                self.calls_open -= 1;
            }
            Action::Refuse(_) => {
                assert!(!self.delivered, "the function has seen an event that is refused");
                self.calls_open -= 1;
            }
            Action::Kill => self.process = false,
            Action::Destroy => {
                assert!(!self.destroyed, "destroyed twice");
                self.destroyed = true;
                self.process = false;
            }
            Action::Announce | Action::Reopen => {
                assert_eq!(self.calls_open, 0, "ready for a call with one in hand");
                self.answered = false;
            }
            Action::ReportInit(_) => {}
        }
    }
}

fn run(events: &[Event]) -> (State, Observer) {
    let mut state = State::Starting { call: false, retiring: false };
    let mut observer = Observer::default();
    for &event in events {
        if event == Event::Assign {
            observer.calls_open += 1;
        }
        let (next, plan) = step(state, event);
        plan.into_iter().flatten().for_each(|action| observer.see(action));
        state = next;
    }
    (state, observer)
}

proptest! {
    #[test]
    fn actions_never_contradict_each_other(events in prop::collection::vec(events(), 0..60)) {
        run(&events);
    }

    #[test]
    fn a_retired_environment_ends_and_owes_nobody(events in prop::collection::vec(events(), 0..60)) {
        let mut events = events;
        // Whatever came before: the box appears, the runtime answers, and then it may go.
        events.extend([Event::Retire, Event::Created, Event::Reset, Event::Ready, Event::Answered, Event::Ready]);
        events.extend([Event::Retire, Event::Destroyed]);
        let (state, observer) = run(&events);
        prop_assert_eq!(state, State::Gone);
        prop_assert_eq!(observer.calls_open, 0);
        prop_assert!(observer.destroyed);
    }

    #[test]
    fn nothing_happens_after_the_end(event in events()) {
        let (state, plan) = step(State::Gone, event);
        prop_assert_eq!(state, State::Gone);
        let refused = Some(Action::Refuse(Refusal::Gone));
        prop_assert!(plan.iter().all(|action| action.is_none() || *action == refused));
    }
}

#[track_caller]
fn check(state: State, event: Event, expected: State, actions: &[Action]) {
    let (next, plan) = step(state, event);
    assert_eq!(next, expected);
    assert_eq!(plan.into_iter().flatten().collect::<Vec<_>>(), actions);
}

const IDLE_BUSY: State = State::Busy { answered: false, retiring: false };

#[test]
fn a_time_out_fails_the_call_and_keeps_the_box_for_the_next() {
    let resetting = State::Resetting { call: false, retiring: false };
    check(IDLE_BUSY, Event::Deadline, resetting, &[Action::Complete(Verdict::TimedOut), Action::Reopen, Action::Kill]);
    check(resetting, Event::Reset, State::Cold, &[Action::Announce]);
}

#[test]
fn a_failed_init_is_run_again_by_the_waiting_call() {
    let failing = State::Initialising { phase: Phase::Init, call: true, retiring: false };
    let resetting = State::Resetting { call: true, retiring: false };
    check(failing, Event::Deadline, resetting, &[Action::ReportInit(Failure::TimedOut), Action::Kill]);
    let again = State::Initialising { phase: Phase::Invoke, call: true, retiring: false };
    check(resetting, Event::Reset, again, &[Action::Launch(Phase::Invoke)]);
}

#[test]
fn a_second_failed_init_fails_the_call() {
    let again = State::Initialising { phase: Phase::Invoke, call: true, retiring: false };
    let (report, complete) = (Action::ReportInit(Failure::Reported), Action::Complete(Verdict::InitFailed));
    let actions = [report, complete, Action::Reopen, Action::Kill];
    check(again, Event::InitFailed, State::Resetting { call: false, retiring: false }, &actions);
}

#[test]
fn a_native_crash_in_a_suppressed_init_runs_into_the_time_out() {
    let again = State::Initialising { phase: Phase::Invoke, call: true, retiring: false };
    check(again, Event::Exited(Ending::Crashed), again, &[]);
    let (report, complete) = (Action::ReportInit(Failure::TimedOut), Action::Complete(Verdict::TimedOut));
    let actions = [report, complete, Action::Reopen, Action::Kill];
    check(again, Event::Deadline, State::Resetting { call: false, retiring: false }, &actions);
}

#[test]
fn retirement_waits_for_the_call() {
    let retiring = State::Busy { answered: false, retiring: true };
    check(IDLE_BUSY, Event::Retire, retiring, &[]);
    let answered = State::Busy { answered: true, retiring: true };
    check(retiring, Event::Answered, answered, &[Action::Complete(Verdict::Answered)]);
    check(answered, Event::Ready, State::Draining, &[Action::Destroy]);
}
