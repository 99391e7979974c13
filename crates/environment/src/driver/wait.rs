//! Waiting: which of an environment's many ends speaks next, and what that means for its life cycle.

use std::future::pending;

use lanthorn_sandbox::Exit;
use tokio::sync::oneshot;

use super::call::Call;
use super::process::Speaker;
use super::{Alarm, Environment};
use crate::failure::Failure;
use crate::handle::Command;
use crate::lean::{Kind, Link, Message};
use crate::lifecycle::{Ending, Event, Phase, State};
use crate::log::{Output, PlatformEvent};
use crate::runtime_api::{Answer, Api, Said};

/// Something came in; not yet anything the life cycle cares for.
enum Happened {
    Message(Message),
    Said(Said),
    Exit(Exit),
    Command(Option<Command>),
    Alarm,
    Output,
}

/// The signals that a process brings upon itself: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
const CRASHES: [i32; 7] = [4, 5, 6, 7, 8, 11, 31];

impl Environment {
    /// The next event of the life cycle.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            let happened = self.wait().await;
            if let Some(event) = self.interpret(happened) {
                return event;
            }
        }
    }

    /// The order is that of `select!`: the deadline first, so that no flood of words can keep it off; an answer
    /// before the process's end; output last, because everything that ends a call reads what is left of it anyway.
    async fn wait(&mut self) -> Happened {
        let (link, output, exit) = match &mut self.process {
            Some(process) => (process.link.as_mut(), Some(&mut process.output), Some(&mut process.exit)),
            None => (None, None, None),
        };
        tokio::select! {
            biased;
            () = &mut self.timer, if self.alarm.is_some() => Happened::Alarm,
            command = self.inbox.commands.recv(), if !self.orphaned => Happened::Command(command),
            message = hear(link) => Happened::Message(message),
            said = ask(self.home.as_mut().map(|home| &mut home.api)) => Happened::Said(said),
            exit = ended(exit) => Happened::Exit(exit),
            () = readable(output) => Happened::Output,
        }
    }

    fn interpret(&mut self, happened: Happened) -> Option<Event> {
        match happened {
            Happened::Message(message) => self.interpret_message(message),
            Happened::Said(said) => Some(self.interpret_said(said)),
            Happened::Exit(exit) => Some(self.interpret_exit(exit)),
            Happened::Command(command) => Some(self.interpret_command(command)),
            Happened::Alarm => self.interpret_alarm(),
            Happened::Output => {
                if let Some(process) = &mut self.process {
                    process.output.bite(&mut self.journal);
                }
                None
            }
        }
    }

    fn interpret_message(&mut self, message: Message) -> Option<Event> {
        let Message { kind, closing, sequence, error_type, payload } = message;
        let initialising = matches!(self.state, State::Initialising { .. });
        let asked = matches!(self.state, State::Busy { answered: false, .. }) && sequence == self.sequence;
        let error = |payload| match payload {
            Some(payload) => Answer::Error { error_type: String::from_utf8_lossy(&error_type).into_owned(), payload },
            None => Answer::TooLarge,
        };
        match kind {
            Kind::Ready if initialising => {
                self.speaks(Speaker::Lean);
                return Some(Event::Ready);
            }
            Kind::InitError if initialising => {
                self.answer = Some(error(payload));
                return Some(Event::InitFailed);
            }
            Kind::Response if asked => self.answer = Some(payload.map_or(Answer::TooLarge, Answer::Response)),
            Kind::Error if asked => self.answer = Some(error(payload)),
            Kind::Ready | Kind::InitError | Kind::Response | Kind::Error => {
                // A function that writes to its runtime's socket is not heard again: whatever it has in mind, it must
                // not cost more than its own call.
                tracing::debug!(environment.id = %self.inbox.id, ?kind, "a runtime spoke out of turn");
                if let Some(process) = &mut self.process {
                    process.link = None;
                }
                return None;
            }
        }
        self.asks_again = !closing;
        Some(Event::Answered)
    }

    fn interpret_said(&mut self, said: Said) -> Event {
        match said {
            Said::Ready => {
                self.speaks(Speaker::Http);
                Event::Ready
            }
            Said::Answered(answer) => {
                self.asks_again = false;
                self.answer = Some(answer);
                Event::Answered
            }
            Said::InitError(answer) => {
                self.answer = Some(answer);
                Event::InitFailed
            }
        }
    }

    fn interpret_exit(&mut self, exit: Exit) -> Event {
        self.drain_output();
        let failure = Failure::exited(exit);
        let ending = match exit {
            Exit::Signalled(signal) if CRASHES.contains(&signal) => Ending::Crashed,
            Exit::Exited(_) | Exit::OutOfMemory | Exit::Signalled(_) => Ending::Told,
            Exit::Gone => Ending::WithBox,
        };
        // The call goes on until its time-out (see the life cycle); its log tells why meanwhile.
        let suppressed = matches!(self.state, State::Initialising { phase: Phase::Invoke, .. });
        if let (true, Ending::Crashed, Some(call)) = (suppressed, ending, &self.call) {
            self.journal.platform(&PlatformEvent::Fault { text: &failure.log_line(call.invocation.id) });
            self.journal.flush();
        }
        self.failure = Some(failure);
        Event::Exited(ending)
    }

    pub(super) fn interpret_command(&mut self, command: Option<Command>) -> Event {
        match command {
            Some(Command::Invoke(invocation, caller)) => {
                let call = Call::new(invocation, caller);
                if self.call.is_none() {
                    self.call = Some(call);
                } else {
                    self.intruder = Some(call);
                }
                Event::Assign
            }
            Some(Command::Retire) => Event::Retire,
            None => {
                self.orphaned = true;
                Event::Retire
            }
        }
    }

    fn interpret_alarm(&mut self) -> Option<Event> {
        match self.alarm.take() {
            Some(Alarm { deadline, flush: Some(_) }) => {
                self.journal.flush();
                self.set_alarm(Alarm { deadline, flush: None });
                None
            }
            _ => Some(Event::Deadline),
        }
    }

    /// Wakes at the earlier of the alarm's moments.
    pub(super) fn set_alarm(&mut self, alarm: Alarm) {
        let Alarm { deadline, flush } = alarm;
        let flush = flush.filter(|flush| *flush < deadline);
        self.timer.as_mut().reset(flush.unwrap_or(deadline));
        self.alarm = Some(Alarm { deadline, flush });
    }

    /// Reads what the process has written until now.
    pub(super) fn drain_output(&mut self) {
        if let Some(process) = &mut self.process {
            process.output.drain(&mut self.journal);
        }
    }

    fn speaks(&mut self, speaker: Speaker) {
        if let Some(process) = &mut self.process {
            process.speaker = speaker;
        }
    }
}

async fn hear(link: Option<&mut Link>) -> Message {
    match link {
        Some(link) => link.turn().await,
        None => pending().await,
    }
}

async fn ask(api: Option<&mut Api>) -> Said {
    match api {
        Some(api) => api.turn().await,
        None => pending().await,
    }
}

async fn ended(exit: Option<&mut Option<oneshot::Receiver<Exit>>>) -> Exit {
    let Some(exit) = exit else { return pending().await };
    let Some(told) = exit else { return pending().await };
    // A sandbox that lets go of the channel is gone.
    let ended = told.await.unwrap_or(Exit::Gone);
    *exit = None;
    ended
}

async fn readable(output: Option<&mut Output>) {
    match output {
        Some(output) => output.readable().await,
        None => pending().await,
    }
}
