//! The platform's lines as text, to AWS's letter (recorded, but for failures, which were seen).

use std::fmt::Write as _;

use super::Identity;
use super::events::{Ending, PlatformEvent, Report, millis};
use crate::lifecycle::Phase;

/// The line of `event`; none if text says nothing of it.
pub(super) fn line(identity: &Identity, event: &PlatformEvent<'_>) -> Option<String> {
    let line = match event {
        PlatformEvent::InitStart(_) => format!(
            "INIT_START Runtime Version: {}\tRuntime Version ARN: {}\n",
            identity.runtime_version, identity.runtime_version_arn
        ),
        PlatformEvent::InitReport { phase, took, ending } => {
            let phase = match phase {
                Phase::Init => "init",
                Phase::Invoke => "invoke",
            };
            let mut line = format!("INIT_REPORT Init Duration: {:.2} ms\tPhase: {phase}\t", millis(*took));
            push_status(&mut line, ending);
            line
        }
        PlatformEvent::Start { request } => format!("START RequestId: {request} Version: {}\n", identity.version),
        PlatformEvent::Fault { text } => (*text).to_owned(),
        PlatformEvent::RuntimeDone { request, .. } => format!("END RequestId: {request}\n"),
        PlatformEvent::Report(report) => self::report(identity, report),
    };
    Some(line)
}

fn report(identity: &Identity, report: &Report<'_>) -> String {
    let mut line = String::with_capacity(200);
    let memory_mib = identity.memory_mib;
    let (request, took, billed) = (report.request, millis(report.took), report.billed_ms());
    let written = write!(
        line,
        "REPORT RequestId: {request}\tDuration: {took:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {memory_mib} MB\t"
    );
    let written = written.and_then(|()| match report.memory_peak_mib() {
        Some(peak) => write!(line, "Max Memory Used: {peak} MB\t"),
        None => Ok(()),
    });
    let written = written.and_then(|()| match report.init {
        Some(init) => write!(line, "Init Duration: {:.2} ms\t", millis(init)),
        None => Ok(()),
    });
    written.expect("a String takes every write");
    push_status(&mut line, report.ending);
    line
}

/// Ends a line that ends in a tab with what went wrong, if something did.
fn push_status(line: &mut String, ending: &Ending) {
    match ending {
        Ending::Success | Ending::FunctionError(_) => {}
        Ending::Error(error_type) => {
            line.push_str("Status: error\tError Type: ");
            line.push_str(error_type);
        }
        Ending::Timeout => line.push_str("Status: timeout"),
    }
    line.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(event: &PlatformEvent<'_>, expected: &str) {
        assert_eq!(line(&Identity::example(), event).as_deref(), Some(expected));
    }

    #[test]
    fn the_recorded_lines_are_met_to_the_letter() {
        let request = "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID");
        check(
            &PlatformEvent::InitStart(Phase::Init),
            "INIT_START Runtime Version: python:3.13.v12\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:ab\n",
        );
        check(
            &PlatformEvent::Start { request },
            "START RequestId: 5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d Version: $LATEST\n",
        );
        let done =
            PlatformEvent::RuntimeDone { request, took: Duration::ZERO, produced_bytes: 0, ending: &Ending::Success };
        check(&done, "END RequestId: 5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d\n");
        let cold = Report {
            request,
            took: Duration::from_micros(3_010),
            init: Some(Duration::from_micros(110_100)),
            memory_peak_bytes: Some(36 * 1024 * 1024 - 5),
            ending: &Ending::Success,
        };
        check(
            &PlatformEvent::Report(cold),
            "REPORT RequestId: 5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d\tDuration: 3.01 ms\tBilled Duration: 114 ms\t\
             Memory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n",
        );
        let warm = Report { init: None, ending: &Ending::FunctionError("Exception".into()), ..cold };
        check(
            &PlatformEvent::Report(warm),
            "REPORT RequestId: 5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d\tDuration: 3.01 ms\tBilled Duration: 4 ms\t\
             Memory Size: 128 MB\tMax Memory Used: 36 MB\t\n",
        );
        let failed = Report { ending: &Ending::Error("Runtime.ExitError".into()), ..warm };
        check(
            &PlatformEvent::Report(failed),
            "REPORT RequestId: 5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d\tDuration: 3.01 ms\tBilled Duration: 4 ms\t\
             Memory Size: 128 MB\tMax Memory Used: 36 MB\tStatus: error\tError Type: Runtime.ExitError\n",
        );
        let slow = Duration::from_micros(9_999_790);
        check(
            &PlatformEvent::InitReport { phase: Phase::Init, took: slow, ending: &Ending::Timeout },
            "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n",
        );
    }
}
