//! What the platform says in a function's log, before it is text or JSON.

use std::borrow::Cow;
use std::time::Duration;

use lanthorn_model::invocation::RequestId;

use crate::lifecycle::Phase;

/// One statement of the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PlatformEvent<'a> {
    /// A runtime is being started.
    InitStart(Phase),
    /// INIT is over. Written where it failed; on demand, AWS keeps silent about one that went well.
    InitReport { phase: Phase, took: Duration, ending: &'a Ending },
    /// A call begins.
    Start { request: RequestId },
    /// The runtime ended, or could not be started, within a call: a line of its own in text.
    Fault { text: &'a str },
    /// A call is over for the runtime.
    RuntimeDone { request: RequestId, took: Duration, produced_bytes: usize, ending: &'a Ending },
    /// A call is over: its bill.
    Report(Report<'a>),
}

/// What a call cost; everything in it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) request: RequestId,
    /// From the event handed over to the answer; of a suppressed INIT, from its start.
    pub(crate) took: Duration,
    /// INIT ahead of this call, on its environment's first.
    pub(crate) init: Option<Duration>,
    /// None if the host cannot tell.
    pub(crate) memory_peak_bytes: Option<u64>,
    pub(crate) ending: &'a Ending,
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Well.
    Success,
    /// The function answered with an error: a success in text lines, which tell of the platform only (recorded).
    FunctionError(Cow<'static, str>),
    /// With a platform error of this type.
    Error(Cow<'static, str>),
    /// Not in time.
    Timeout,
}

impl Report<'_> {
    /// Rounded up to a millisecond; since August 2025 INIT on demand is billed too.
    pub(crate) fn billed_ms(&self) -> u64 {
        let nanos = (self.took + self.init.unwrap_or_default()).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// In whole MiB, rounded up.
    pub(crate) fn memory_peak_mib(&self) -> Option<u64> {
        self.memory_peak_bytes.map(|bytes| bytes.div_ceil(1024 * 1024))
    }
}

/// Milliseconds with two decimals, as AWS prints them.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_rounded_up_and_includes_init() {
        let check = |took_us: u64, init_us: Option<u64>, billed| {
            let report = Report {
                request: RequestId::random(),
                took: Duration::from_micros(took_us),
                init: init_us.map(Duration::from_micros),
                memory_peak_bytes: None,
                ending: &Ending::Success,
            };
            assert_eq!(report.billed_ms(), billed, "for {took_us} µs and {init_us:?}");
        };
        check(3010, None, 4);
        check(3000, None, 3);
        check(1, None, 1);
        check(3010, Some(110_100), 114);
        check(400, Some(500), 1);
    }
}
