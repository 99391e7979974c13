//! The platform's own answers: what a caller is told when the runtime gave no answer.
//!
//! A function's own errors are *not* here: those are the runtime's words and pass unread.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use lanthorn_model::invocation::RequestId;
use lanthorn_model::limits;
use lanthorn_sandbox::Exit;

/// A failure that the platform found, in the words of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// As `Runtime.ExitError`.
    pub(crate) error_type: &'static str,
    /// What follows `RequestId: ID Error: `.
    pub(crate) message: String,
}

impl Failure {
    /// The runtime process ended in the middle of a call or of INIT.
    ///
    /// Recorded: `exit status 127` of a missing wrapper. The other texts were seen in public logs.
    pub(crate) fn exited(exit: Exit) -> Self {
        let (error_type, message) = match exit {
            Exit::Exited(0) => ("Runtime.ExitError", "Runtime exited without providing a reason".to_owned()),
            Exit::Exited(status) => ("Runtime.ExitError", format!("Runtime exited with error: exit status {status}")),
            Exit::Signalled(signal) => {
                ("Runtime.ExitError", format!("Runtime exited with error: signal: {}", signal_name(signal)))
            }
            Exit::OutOfMemory => ("Runtime.OutOfMemory", "Runtime exited with error: signal: killed".to_owned()),
            Exit::Gone => ("Sandbox.Failure", "The execution environment ended".to_owned()),
        };
        Self { error_type, message }
    }

    /// Neither `/var/task/bootstrap` nor `/opt/bootstrap` is there.
    pub(crate) fn no_bootstrap() -> Self {
        let message = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
        Self { error_type: "Runtime.InvalidEntrypoint", message: message.to_owned() }
    }

    /// `program` is there but cannot be executed.
    pub(crate) fn not_executable(program: &str, source: &std::io::Error) -> Self {
        let reason = match source.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ if source.raw_os_error() == Some(EXEC_FORMAT) => "exec format error".to_owned(),
            _ => source.to_string(),
        };
        Self { error_type: "Runtime.InvalidEntrypoint", message: format!("fork/exec {program}: {reason}") }
    }

    /// The runtime named a response mode that does not exist.
    pub(crate) fn invalid_response_mode() -> Self {
        let message = "Invalid response mode header".to_owned();
        Self { error_type: "Runtime.InvalidResponseModeHeader", message }
    }

    /// The call took longer than the function's time-out (recorded, November 2025).
    pub(crate) fn timed_out(timeout: Duration) -> Self {
        Self { error_type: "Sandbox.Timedout", message: timed_out_text(timeout) }
    }

    /// What the caller gets, in the recorded order of keys.
    pub(crate) fn payload(&self, request: RequestId) -> Bytes {
        let message = format!("RequestId: {request} Error: {}", self.message);
        let mut json = format!(r#"{{"errorType":"{}","errorMessage":"#, self.error_type);
        push_json_string(&mut json, &message);
        json.push('}');
        json.into()
    }

    /// What the log gets.
    pub(crate) fn log_line(&self, request: RequestId) -> String {
        format!("RequestId: {request} Error: {}\n{}\n", self.message, self.error_type)
    }
}

/// Linux's ENOEXEC, which `std` does not name.
const EXEC_FORMAT: i32 = 8;

/// `Task timed out after 1.00 seconds`: always two decimals.
pub(crate) fn timed_out_text(timeout: Duration) -> String {
    format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
}

/// The answer was longer than may be passed on (recorded).
pub(crate) fn response_too_large() -> Bytes {
    let limit = limits::RESPONSE_BYTES_MAX;
    let message = format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
    format!(r#"{{"errorMessage":"{message}","errorType":"{RESPONSE_TOO_LARGE}"}}"#).into()
}

/// The type of [`response_too_large`].
pub(crate) const RESPONSE_TOO_LARGE: &str = "Function.ResponseSizeTooLarge";

/// Our own part failed after the function had the event: it must not be run again unasked.
pub(crate) fn sandbox_failure(request: RequestId) -> Bytes {
    Failure::exited(Exit::Gone).payload(request)
}

/// An error type as logs and metrics may show it; a runtime can claim anything.
///
/// Source: `(Runtime|Function)\.[A-Z][a-zA-Z]+`, else the family's `Unknown`, as AWS's open runtime emulator does.
pub(crate) fn shown_error_type(claimed: &str) -> Cow<'static, str> {
    let family = ["Runtime.", "Function."].into_iter().find_map(|family| claimed.strip_prefix(family));
    let proper = family.is_some_and(|name| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|c| c.is_ascii_alphabetic())
    });
    match claimed {
        _ if proper => Cow::Owned(claimed.to_owned()),
        _ if claimed.starts_with("Function.") => Cow::Borrowed("Function.Unknown"),
        _ => Cow::Borrowed("Runtime.Unknown"),
    }
}

/// Appends `text` as a JSON string.
fn push_json_string(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if c < ' ' => write!(json, "\\u{:04x}", u32::from(c)).expect("a String takes every write"),
            c => json.push(c),
        }
    }
    json.push('"');
}

/// Signals as AWS's emulator, a Go program, names them.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        24 => "CPU time limit exceeded",
        25 => "file size limit exceeded",
        31 => "bad system call",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestId {
        "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID")
    }

    #[track_caller]
    fn check(failure: &Failure, payload: &str) {
        assert_eq!(failure.payload(request()), payload);
    }

    #[test]
    fn the_recorded_payloads_are_met_to_the_letter() {
        let id = request();
        check(
            &Failure::timed_out(Duration::from_secs(1)),
            &format!(
                r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {id} Error: Task timed out after 1.00 seconds"}}"#
            ),
        );
        check(
            &Failure::exited(Exit::Exited(127)),
            &format!(
                r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {id} Error: Runtime exited with error: exit status 127"}}"#
            ),
        );
        assert_eq!(
            response_too_large(),
            r#"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#
        );
    }

    #[test]
    fn a_program_name_cannot_break_out_of_the_json() {
        let failure = Failure::not_executable("/opt/\"x\\\n", &std::io::ErrorKind::PermissionDenied.into());
        let payload = failure.payload(request());
        let value: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
        let text = value["errorMessage"].as_str().expect("a text");
        assert!(text.ends_with("fork/exec /opt/\"x\\\n: permission denied"), "{text}");
    }

    #[test]
    fn an_odd_error_type_is_not_shown() {
        let check = |claimed, shown| assert_eq!(shown_error_type(claimed), shown, "for {claimed}");
        check("Runtime.ImportModuleError", "Runtime.ImportModuleError");
        check("Function.MyError", "Function.MyError");
        check("Function.my_error", "Function.Unknown");
        check("Runtime.X1", "Runtime.Unknown");
        check("Runtime.X", "Runtime.Unknown");
        check("ValueError", "Runtime.Unknown");
        check("", "Runtime.Unknown");
    }
}
