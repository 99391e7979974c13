//! The platform's lines as JSON objects, filtered by the system log level.
//!
//! Records follow the Telemetry API's (developer guide, "Lambda Telemetry API Event schema reference"); the level
//! of each is the guide's table of system log levels.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Identity;
use super::events::{Ending, PlatformEvent, millis};
use crate::lifecycle::Phase;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
}

impl Level {
    /// The level a function's owner set; unknown words count as AWS's default.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "DEBUG" => Self::Debug,
            "WARN" => Self::Warn,
            _ => Self::Info,
        }
    }
}

/// The object of `event`, on one line; none if it matters less than `least` or JSON says nothing of it.
pub(super) fn line(identity: &Identity, at: Timestamp, least: Level, event: &PlatformEvent<'_>) -> Option<String> {
    let (kind, level, record) = match event {
        PlatformEvent::InitStart(phase) => {
            let record = json!({
                "initializationType": "on-demand",
                "phase": phase_name(*phase),
                "runtimeVersion": identity.runtime_version,
                "runtimeVersionArn": identity.runtime_version_arn,
                "functionName": identity.function_name,
                "functionVersion": identity.version,
            });
            ("platform.initStart", Level::Info, record)
        }
        PlatformEvent::InitReport { phase, took, ending } => {
            let mut record = json!({
                "initializationType": "on-demand",
                "phase": phase_name(*phase),
                "metrics": { "durationMs": millis(*took) },
            });
            ("platform.initReport", add_status(&mut record, ending, Level::Debug), record)
        }
        PlatformEvent::Start { request } => {
            let record = json!({ "requestId": request.to_string(), "version": identity.version });
            ("platform.start", Level::Info, record)
        }
        // Told by the status of what follows.
        PlatformEvent::Fault { .. } => return None,
        PlatformEvent::RuntimeDone { request, took, produced_bytes, ending } => {
            let metrics = json!({ "durationMs": millis(*took), "producedBytes": produced_bytes });
            let mut record = json!({ "requestId": request.to_string(), "metrics": metrics });
            ("platform.runtimeDone", add_status(&mut record, ending, Level::Debug), record)
        }
        PlatformEvent::Report(report) => {
            let mut metrics = json!({
                "durationMs": millis(report.took),
                "billedDurationMs": report.billed_ms(),
                "memorySizeMB": identity.memory_mib,
            });
            if let Some(peak) = report.memory_peak_mib() {
                metrics["maxMemoryUsedMB"] = peak.into();
            }
            if let Some(init) = report.init {
                metrics["initDurationMs"] = millis(init).into();
            }
            let mut record = json!({ "requestId": report.request.to_string(), "metrics": metrics });
            ("platform.report", add_status(&mut record, report.ending, Level::Info), record)
        }
    };
    (level >= least).then(|| format!("{}\n", json!({ "time": format!("{at:.3}"), "type": kind, "record": record })))
}

/// Tells in `record` how it ended, and how much the line matters now.
fn add_status(record: &mut Value, ending: &Ending, level: Level) -> Level {
    let (status, error_type) = match ending {
        Ending::Success => ("success", None),
        Ending::FunctionError(error_type) | Ending::Error(error_type) => ("error", Some(&**error_type)),
        Ending::Timeout => ("timeout", None),
    };
    record["status"] = status.into();
    if let Some(error_type) = error_type {
        record["errorType"] = error_type.into();
    }
    if *ending == Ending::Success { level } else { Level::Warn }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Init => "init",
        Phase::Invoke => "invoke",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::events::Report;
    use super::*;

    fn at() -> Timestamp {
        "2026-01-12T15:37:23.5Z".parse().expect("a time")
    }

    #[test]
    fn a_report_is_an_object_of_the_telemetry_schema() {
        let report = Report {
            request: "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID"),
            took: Duration::from_micros(3_010),
            init: None,
            memory_peak_bytes: Some(1),
            ending: &Ending::Success,
        };
        let line = line(&Identity::example(), at(), Level::Info, &PlatformEvent::Report(report)).expect("INFO");
        let expected = json!({
            "time": "2026-01-12T15:37:23.500Z",
            "type": "platform.report",
            "record": {
                "requestId": "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d",
                "status": "success",
                "metrics": { "durationMs": 3.01, "billedDurationMs": 4, "memorySizeMB": 128, "maxMemoryUsedMB": 1 },
            },
        });
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), expected);
        assert!(line.ends_with("}\n"));
    }

    #[test]
    fn the_level_decides_what_is_said() {
        let request = "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID");
        let done = |ending| PlatformEvent::RuntimeDone { request, took: Duration::ZERO, produced_bytes: 0, ending };
        let said = |least, event| line(&Identity::example(), at(), least, &event).is_some();
        assert!(!said(Level::Info, done(&Ending::Success)));
        assert!(said(Level::Debug, done(&Ending::Success)));
        assert!(said(Level::Warn, done(&Ending::Timeout)));
        assert!(!said(Level::Warn, PlatformEvent::Start { request }));
    }
}
