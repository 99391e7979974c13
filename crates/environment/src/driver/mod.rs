//! The task that owns an environment: waits for what happens, asks [`lifecycle::step`], performs what it decides.
//!
//! ```text
//!        ┌───────────────────────── next() ─────────────────────────┐
//!  link, Runtime API, exit, commands, alarm, output ─► Happened ─► Event ─► step ─► Actions ─► perform
//!                                                                   ▲                            │
//!                                                                   └── Created, Reset, … ───────┘
//! ```
//!
//! Making, resetting and destroying the box are awaited within their action: meanwhile nothing else can happen to
//! the environment, and commands wait in their channel.

mod call;
mod perform;
mod process;
mod wait;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lanthorn_model::function::Function;
use lanthorn_sandbox::{Created, Sandbox};
use tokio::time::{Instant, Sleep, sleep};

use crate::Rooms;
use crate::failure::Failure;
use crate::handle::{Inbox, Refused};
use crate::launch::{self, CannotStart, Recipe};
use crate::lifecycle::{Event, Phase, State, step};
use crate::log::Journal;
use crate::runtime_api::{Answer, Api};
use call::Call;
use process::Process;

/// Owns the environment from its first moment to its last.
pub(crate) async fn run(rooms: Arc<Rooms>, function: Arc<Function>, inbox: Inbox) {
    let mut environment = Environment::new(rooms, function, inbox);
    let mut event = environment.create().await;
    // What was asked for meanwhile happened before the box stood.
    while let Ok(command) = environment.inbox.commands.try_recv() {
        let asked = environment.interpret_command(Some(command));
        environment.apply(asked).await;
    }
    loop {
        environment.apply(event).await;
        if environment.state == State::Gone {
            return;
        }
        event = environment.next().await;
    }
}

struct Environment {
    rooms: Arc<Rooms>,
    function: Arc<Function>,
    state: State,
    journal: Journal,
    /// Set once by [`Environment::create`].
    home: Option<Home>,
    /// The runtime process, from its start until it is killed.
    process: Option<Process>,
    /// The call in hand: waiting for INIT, or with the runtime.
    call: Option<Call>,
    /// A call that came while another was in hand; refused at once.
    intruder: Option<Call>,
    /// What the runtime answered, from `Answered` or `InitFailed` to the action that tells of it.
    answer: Option<Answer>,
    /// How the runtime process ended, or why it did not start.
    failure: Option<Failure>,
    init: Init,
    /// Counts the events handed to the runtime, so that no late answer is taken for another's.
    sequence: u32,
    timer: Pin<Box<Sleep>>,
    alarm: Option<Alarm>,
    /// Why there is no box.
    cannot_start: Option<Refused>,
    /// The answer also asks for the next event, as a bootstrap's does.
    asks_again: bool,
    /// A call is over whose handle has not been told that the next may come.
    owes_readiness: bool,
    inbox: Inbox,
    /// Every handle is gone; there are no commands to wait for.
    orphaned: bool,
}

/// The box and what is served inside it.
struct Home {
    recipe: Recipe,
    api: Api,
    sandbox: Box<dyn Sandbox>,
    /// Serves the AWS endpoint until dropped.
    _endpoint: Box<dyn Send + Sync>,
}

/// The INIT under way, or the last one.
struct Init {
    phase: Phase,
    began: Instant,
    /// The runtime has asked for its first event.
    over: bool,
    /// How long it took, if it went well ahead of any call; until the first call's report has told it.
    took: Option<Duration>,
}

/// When the driver wakes by itself.
#[derive(Clone, Copy)]
struct Alarm {
    deadline: Instant,
    /// Lines are handed on by then, even if the call still runs.
    flush: Option<Instant>,
}

/// A line of the platform's may wait this long for company.
const LINGER: Duration = Duration::from_millis(500);

impl Environment {
    fn new(rooms: Arc<Rooms>, function: Arc<Function>, inbox: Inbox) -> Self {
        let journal = Journal::new(&function, inbox.id, Arc::clone(&rooms.logs), Arc::clone(&rooms.clock));
        let now = Instant::now();
        Self {
            rooms,
            function,
            state: State::Starting { call: false, retiring: false },
            journal,
            home: None,
            process: None,
            call: None,
            intruder: None,
            answer: None,
            failure: None,
            init: Init { phase: Phase::Init, began: now, over: false, took: None },
            sequence: 0,
            timer: Box::pin(sleep(Duration::ZERO)),
            alarm: None,
            cannot_start: None,
            asks_again: false,
            owes_readiness: false,
            inbox,
            orphaned: false,
        }
    }

    /// Makes the box.
    async fn create(&mut self) -> Event {
        match self.try_create().await {
            Ok(home) => {
                self.home = Some(home);
                Event::Created
            }
            Err(reason) => {
                tracing::warn!(
                    function.name = %self.function.id.name,
                    environment.id = %self.inbox.id,
                    error = &reason as &dyn std::error::Error,
                    "an environment could not start"
                );
                let why = with_causes(&reason);
                self.cannot_start = Some(match reason {
                    CannotStart::Role(_) => Refused::RoleNotAssumable(why),
                    CannotStart::Runtime(_) | CannotStart::Code(_) | CannotStart::Sandbox(_) => {
                        Refused::CannotStart(why)
                    }
                });
                Event::NotCreated
            }
        }
    }

    async fn try_create(&self) -> Result<Home, CannotStart> {
        let (group, stream) = (self.journal.group(), self.journal.stream());
        let recipe = launch::recipe(&self.rooms, &self.function, group, stream).await?;
        let Created { sandbox, runtime_api, endpoint } = self.rooms.launcher.create(recipe.spec.clone()).await?;
        let endpoint = self.rooms.endpoint.serve(endpoint);
        Ok(Home { recipe, api: Api::new(runtime_api), sandbox, _endpoint: endpoint })
    }

    /// Lets `event` take its course, with all that follows from it at once.
    async fn apply(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let (state, plan) = step(self.state, event);
            self.state = state;
            for action in plan.into_iter().flatten() {
                // Of a plan's actions only the last has an event in its wake.
                next = self.perform(action).await;
            }
        }
    }

    /// The function's time-out.
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.function.configuration.timeout_s.into())
    }
}

/// An error and all that led to it, in one line.
fn with_causes(error: &dyn std::error::Error) -> Arc<str> {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.into()
}
