//! A function's log: the platform's lines and the function's own, in order, with the end of it for the caller.
//!
//! ```text
//!  driver ── platform(event) ─► text | json ─┐
//!                                            ├─► events ── flush ─► LogSink
//!  output ── function(line) ─────────────────┘      └─ tail (last 4 KB, only if the caller asked)
//! ```
//!
//! Events are gathered and handed on when something is worth seeing at once: a function's line, the end of a
//! call, or a call that takes long. What this is *not*: a store. The sink drops and counts what it cannot take.

mod events;
mod json;
mod lines;
mod output;
mod tail;
mod text;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::arn::FunctionId;
use lanthorn_model::clock::SharedClock;
use lanthorn_model::function::{Function, LogFormat};
use lanthorn_model::invocation::RequestId;
use lanthorn_model::runtime::Runtime;

pub(crate) use events::{Ending, PlatformEvent, Report};
pub(crate) use output::Output;

use crate::{EnvironmentId, LogEvent, LogSink};
use tail::Tail;

/// Where an environment's lines go.
pub(crate) struct Journal {
    identity: Identity,
    function: FunctionId,
    form: Form,
    group: Arc<str>,
    stream: Arc<str>,
    sink: Arc<dyn LogSink>,
    clock: SharedClock,
    events: Vec<LogEvent>,
    tail: Option<Tail>,
}

/// What the platform's lines say of the function.
pub(crate) struct Identity {
    function_name: String,
    version: String,
    memory_mib: u32,
    runtime_version: String,
    runtime_version_arn: String,
}

enum Form {
    Text,
    Json { system: json::Level },
}

/// More events than this are handed on at once, so that a talkative function cannot fill our memory.
const EVENTS_MAX: usize = 256;

impl Journal {
    pub(crate) fn new(function: &Function, id: EnvironmentId, sink: Arc<dyn LogSink>, clock: SharedClock) -> Self {
        let form = match &function.configuration.logging.format {
            LogFormat::Text => Form::Text,
            LogFormat::Json { system, .. } => Form::Json { system: json::Level::parse(system) },
        };
        let stream = stream_name(clock.now(), &function.version.to_string(), id);
        Self {
            identity: Identity::of(function),
            function: function.id.clone(),
            form,
            group: function.log_group().into(),
            stream: stream.into(),
            sink,
            clock,
            events: Vec::new(),
            tail: None,
        }
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    /// From now on the end of the log is kept for the caller.
    pub(crate) fn start_tail(&mut self) {
        self.tail = Some(Tail::default());
    }

    /// The end of the log since [`Journal::start_tail`].
    pub(crate) fn take_tail(&mut self) -> Option<Bytes> {
        self.tail.take().map(Tail::into_bytes)
    }

    /// Writes what the platform has to say.
    pub(crate) fn platform(&mut self, event: &PlatformEvent<'_>) {
        let at = self.clock.now();
        let line = match self.form {
            Form::Text => text::line(&self.identity, event),
            Form::Json { system } => json::line(&self.identity, at, system, event),
        };
        if let Some(line) = line {
            self.push(LogEvent { at, message: line.into() });
        }
    }

    /// Writes that the call took too long: AWS's old message, which is still the log's.
    pub(crate) fn timed_out(&mut self, request: RequestId, message: &str) {
        let at = self.clock.now();
        self.platform(&PlatformEvent::Fault { text: &format!("{at:.3} {request} {message}\n\n") });
    }

    /// Writes a line of the function's.
    pub(crate) fn function(&mut self, message: Bytes) {
        let at = self.clock.now();
        self.push(LogEvent { at, message });
    }

    /// Hands on what was gathered.
    pub(crate) fn flush(&mut self) {
        if !self.events.is_empty() {
            self.sink.append(&self.function, &self.group, &self.stream, std::mem::take(&mut self.events));
        }
    }

    fn push(&mut self, event: LogEvent) {
        if let Some(tail) = &mut self.tail {
            tail.push(&event.message);
        }
        self.events.push(event);
        if self.events.len() >= EVENTS_MAX {
            self.flush();
        }
    }
}

impl Identity {
    fn of(function: &Function) -> Self {
        let runtime = &function.configuration.runtime;
        Self {
            function_name: function.id.name.to_string(),
            version: function.version.to_string(),
            memory_mib: function.configuration.memory_mib,
            runtime_version: release(runtime),
            runtime_version_arn: runtime.version_arn(&function.id.region),
        }
    }

    #[cfg(test)]
    fn example() -> Self {
        Self {
            function_name: "f".to_owned(),
            version: "$LATEST".to_owned(),
            memory_mib: 128,
            runtime_version: "python:3.13.v12".to_owned(),
            runtime_version_arn: "arn:aws:lambda:us-east-1::runtime:ab".to_owned(),
        }
    }
}

/// The runtime's build as `INIT_START` names it (recorded: `python:3.10.v11`). Ours are all the first of their kind.
fn release(runtime: &Runtime) -> String {
    let name = runtime.as_str();
    let language = name.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or(name);
    format!("{language}:{}.v1", runtime.version().trim_start_matches('.'))
}

/// `YYYY/MM/DD/[VERSION]` and 32 hexadecimal digits (developer guide).
fn stream_name(now: Timestamp, version: &str, id: EnvironmentId) -> String {
    format!("{}/[{version}]{id}", now.strftime("%Y/%m/%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_named_as_aws_names_them() {
        let check = |runtime: &str, expected| assert_eq!(release(&runtime.parse().expect("known")), expected);
        check("python3.12", "python:3.12.v1");
        check("nodejs20.x", "nodejs:20.v1");
        check("provided.al2023", "provided:al2023.v1");
    }

    #[test]
    fn a_stream_is_named_after_day_version_and_environment() {
        let now = "2026-01-02T23:59:59Z".parse().expect("a time");
        let id = EnvironmentId::random();
        let name = stream_name(now, "$LATEST", id);
        let digits = name.strip_prefix("2026/01/02/[$LATEST]").expect("the day and the version");
        assert_eq!(digits, id.to_string());
        assert!(digits.len() == 32 && digits.bytes().all(|c| c.is_ascii_hexdigit()));
    }
}
