//! Acting: what each [`Action`] of the life cycle does to the world.

use std::time::Duration;

use lanthorn_model::invocation::{Completion, Outcome, RequestId};
use lanthorn_model::limits;
use tokio::time::Instant;

use super::call::{self, Call};
use super::process::{NotStarted, Process, Speaker};
use super::{Alarm, Environment, Init, LINGER};
use crate::Refused;
use crate::failure::{self, Failure, RESPONSE_TOO_LARGE, shown_error_type};
use crate::lifecycle::{self, Action, Ending as ProcessEnding, Event, Phase, Refusal, Verdict};
use crate::log::{Ending, PlatformEvent, Report};
use crate::runtime_api::Answer;

/// A call's end, in the words for its caller and for the log.
struct End {
    outcome: Outcome,
    ending: Ending,
}

impl Environment {
    /// Performs `action`; tells what follows from it at once.
    pub(super) async fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Launch(phase) => self.launch(phase).await,
            Action::ReportInit(failure) => {
                self.report_init(failure);
                None
            }
            Action::Deliver => {
                let first = self.note_init();
                self.deliver();
                if first {
                    self.limit_cpu().await;
                }
                None
            }
            Action::Complete(verdict) => self.complete(verdict),
            Action::Refuse(refusal) => {
                self.refuse(refusal);
                None
            }
            Action::Announce => {
                if self.note_init() {
                    self.limit_cpu().await;
                }
                self.announce();
                None
            }
            Action::Reopen => {
                self.announce();
                None
            }
            Action::Kill => Some(self.kill().await),
            Action::Destroy => Some(self.destroy().await),
        }
    }

    async fn launch(&mut self, phase: Phase) -> Option<Event> {
        let now = Instant::now();
        self.init = Init { phase, began: now, over: false, took: None };
        self.answer = None;
        self.failure = None;
        let deadline = match phase {
            Phase::Init => now + Duration::from_secs(limits::INIT_TIMEOUT_S),
            Phase::Invoke => now + self.timeout(),
        };
        if let (Phase::Invoke, Some(call)) = (phase, &mut self.call) {
            call.began = Some(now);
        }
        self.set_alarm(Alarm { deadline, flush: Some(now + LINGER) });
        self.journal.platform(&PlatformEvent::InitStart(phase));

        let home = self.home.as_mut()?;
        if let Err(error) = home.api.open() {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot serve the Runtime API");
            return Some(Event::BoxGone);
        }
        // AWS gives INIT a whole CPU, and calls what their memory buys. An INIT that is repeated within a call has it
        // too: otherwise a small function could not start again within a short time-out.
        if home.sandbox.set_cpu_milli(None).await.is_err() {
            return Some(Event::BoxGone);
        }
        match Process::start(&*home.sandbox, &home.recipe).await {
            Ok(process) => {
                self.process = Some(process);
                None
            }
            Err(NotStarted::Box) => Some(Event::BoxGone),
            Err(NotStarted::Entry(failure)) => {
                self.failure = Some(failure);
                Some(Event::InitFailed)
            }
            Err(NotStarted::Wrapper { said, exit }) => {
                self.journal.function(said.into());
                self.failure = Some(Failure::exited(exit));
                Some(Event::Exited(ProcessEnding::Told))
            }
        }
    }

    fn report_init(&mut self, failed: lifecycle::Failure) {
        self.alarm = None;
        self.drain_output();
        let took = self.init.began.elapsed();
        let ending = match (failed, &self.answer, &self.failure) {
            (lifecycle::Failure::TimedOut, ..) => Ending::Timeout,
            (lifecycle::Failure::Reported, Some(Answer::Error { error_type, .. }), _) => {
                Ending::Error(shown_error_type(error_type))
            }
            (_, _, Some(failure)) => Ending::Error(failure.error_type.into()),
            (..) => Ending::Error(shown_error_type("")),
        };
        let phase = self.init.phase;
        self.journal.platform(&PlatformEvent::InitReport { phase, took, ending: &ending });
        self.journal.flush();
    }

    fn deliver(&mut self) {
        let now = Instant::now();
        let timeout = self.timeout();
        let Some(call) = &mut self.call else { return };
        let deadline = *call.began.get_or_insert(now) + timeout;
        let deadline_ms = call::deadline_ms(self.rooms.clock.now(), deadline.saturating_duration_since(now));
        call.caller.seen();
        self.announce_call();
        self.sequence = self.sequence.wrapping_add(1);
        let (Some(call), Some(process)) = (&self.call, &mut self.process) else { return };
        match (process.speaker, &mut process.link, &mut self.home) {
            (Speaker::Lean, Some(link), _) => link.deliver(self.sequence, deadline_ms, &call.invocation),
            (_, _, Some(home)) => home.api.deliver(call.invocation.id, call.delivery(deadline_ms)),
            (_, _, None) => {}
        }
        self.set_alarm(Alarm { deadline, flush: Some(now + LINGER) });
    }

    /// Writes the call's `START`, from where on its caller may want the log.
    fn announce_call(&mut self) {
        if let Some(call) = self.call.as_mut().filter(|call| !call.announced) {
            call.announced = true;
            if call.invocation.wants_log_tail {
                self.journal.start_tail();
            }
            self.journal.platform(&PlatformEvent::Start { request: call.invocation.id });
        }
    }

    /// Notes that the runtime has asked for its first event, and how long that took; false if it had before.
    fn note_init(&mut self) -> bool {
        if self.init.over || self.process.is_none() {
            return false;
        }
        self.init.over = true;
        self.init.took = (self.init.phase == Phase::Init).then(|| self.init.began.elapsed());
        true
    }

    /// From now on the runtime has the CPU that its memory buys.
    async fn limit_cpu(&mut self) {
        if let Some(home) = &self.home {
            // A box that is gone tells so by its process's end.
            let _ = home.sandbox.set_cpu_milli(Some(home.recipe.spec.cpu_milli)).await;
        }
    }

    fn announce(&mut self) {
        self.alarm = None;
        self.journal.flush();
        if std::mem::take(&mut self.owes_readiness) {
            self.inbox.came_home();
        } else {
            self.inbox.came_up();
        }
    }

    fn complete(&mut self, verdict: Verdict) -> Option<Event> {
        self.drain_output();
        self.announce_call();
        let call = self.call.take()?;
        let End { outcome, ending } = self.end(&call, verdict);
        let took = call.began.map(|began| began.elapsed()).unwrap_or_default();
        let took = if verdict == Verdict::TimedOut { took.min(self.timeout()) } else { took };
        self.report(&call, took, &outcome, &ending);
        self.owes_readiness = true;
        let log_tail = self.journal.take_tail();
        let executed_version = self.function.version;
        call.caller.answer(Completion { outcome, executed_version, log_tail });
        (verdict == Verdict::Answered && self.asks_again).then_some(Event::Ready)
    }

    /// The call's last lines.
    fn report(&mut self, call: &Call, took: Duration, outcome: &Outcome, ending: &Ending) {
        let request = call.invocation.id;
        let (Outcome::Success(payload) | Outcome::Failure(payload)) = outcome;
        let produced_bytes = payload.len();
        let init = self.init.took.take();
        let memory_peak_bytes = self.home.as_ref().and_then(|home| home.sandbox.memory_peak_bytes());
        self.journal.platform(&PlatformEvent::RuntimeDone { request, took, produced_bytes, ending });
        let report = Report { request, took, init, memory_peak_bytes, ending };
        self.journal.platform(&PlatformEvent::Report(report));
        self.journal.flush();
    }

    fn end(&mut self, call: &Call, verdict: Verdict) -> End {
        let request = call.invocation.id;
        match (verdict, self.answer.take(), self.failure.take()) {
            (Verdict::Answered, Some(answer), _) => End::answered(answer, request),
            (Verdict::InitFailed, Some(Answer::Error { error_type, payload }), _) => {
                End { outcome: Outcome::Failure(payload), ending: Ending::Error(shown_error_type(&error_type)) }
            }
            (Verdict::TimedOut, ..) => {
                let timeout = self.timeout();
                self.journal.timed_out(request, &failure::timed_out_text(timeout));
                let outcome = Outcome::Failure(Failure::timed_out(timeout).payload(request));
                End { outcome, ending: Ending::Timeout }
            }
            (_, _, failure) => {
                let failure = failure.unwrap_or_else(|| Failure::exited(lanthorn_sandbox::Exit::Gone));
                self.journal.platform(&PlatformEvent::Fault { text: &failure.log_line(request) });
                End::platform(&failure, request)
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let Some(call) = self.intruder.take().or_else(|| self.call.take()) else { return };
        call.caller.refuse(match (refusal, &self.cannot_start) {
            (Refusal::Busy, _) => Refused::Busy,
            (Refusal::CannotStart, Some(refused)) => refused.clone(),
            (Refusal::Gone | Refusal::CannotStart, _) => Refused::Gone,
        });
    }

    async fn kill(&mut self) -> Event {
        self.alarm = None;
        let Some(home) = &mut self.home else { return Event::BoxGone };
        home.api.close();
        let reset = home.sandbox.reset().await;
        self.drain_output();
        self.journal.flush();
        self.process = None;
        match reset {
            Ok(()) => Event::Reset,
            Err(lanthorn_sandbox::Gone) => Event::BoxGone,
        }
    }

    async fn destroy(&mut self) -> Event {
        self.alarm = None;
        self.inbox.close();
        if let Some(home) = self.home.take() {
            home.sandbox.destroy().await;
        }
        self.drain_output();
        self.process = None;
        self.journal.flush();
        Event::Destroyed
    }
}

impl End {
    fn platform(failure: &Failure, request: RequestId) -> Self {
        let ending = Ending::Error(failure.error_type.into());
        Self { outcome: Outcome::Failure(failure.payload(request)), ending }
    }

    fn answered(answer: Answer, request: RequestId) -> Self {
        match answer {
            Answer::Response(payload) => Self { outcome: Outcome::Success(payload), ending: Ending::Success },
            Answer::Error { error_type, payload } => {
                let ending = Ending::FunctionError(shown_error_type(&error_type));
                Self { outcome: Outcome::Failure(payload), ending }
            }
            Answer::TooLarge => {
                let outcome = Outcome::Failure(failure::response_too_large());
                Self { outcome, ending: Ending::Error(RESPONSE_TOO_LARGE.into()) }
            }
            Answer::InvalidResponseMode => Self::platform(&Failure::invalid_response_mode(), request),
        }
    }
}
