//! Runtime identifiers: which are taken, which no more, which are unknown.

use lanthorn_model::runtime::Runtime;

use crate::host::CannotRun;

/// The identifiers a function may be created with, in the order in which AWS lists them when it is given another.
///
/// Source: recorded in January 2026, "Value non-existent-runtime at 'runtime' failed to satisfy constraint: …". The
/// order follows nothing we know of.
pub const SUPPORTED: [&str; 25] = [
    "nodejs20.x",
    "python3.14",
    "provided.al2023",
    "python3.12",
    "python3.13",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "python3.10",
    "python3.11",
    "java21",
    "ruby3.3",
    "ruby3.4",
    "ruby3.2",
    "python3.8",
    "python3.9",
    "java17",
    "nodejs16.x",
    "dotnet10",
    "dotnet8",
    "java11",
    "dotnet6",
    "nodejs18.x",
    "provided.al2",
    "java8.al2",
];

/// Identifiers that appeared in the API's enumeration after [`SUPPORTED`] was recorded.
const NEWER: [&str; 1] = ["ruby4.0"];

/// Identifiers of the API's enumeration that no function may be created or updated with any more.
/// Source: Smithy enumeration `Runtime`, less what was recorded as supported.
const RETIRED: [&str; 20] = [
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "java8",
    "python2.7",
    "python3.6",
    "python3.7",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "provided",
];

/// Why a function may not have a runtime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeRefused {
    /// AWS has no such identifier.
    #[error("there is no runtime `{0}`")]
    Unknown(String),
    /// AWS takes it no more.
    #[error("the runtime `{0}` is retired")]
    Retired(String),
    /// AWS has it, this host does not.
    #[error("the runtime `{runtime}` cannot run here")]
    Missing {
        /// Which runtime.
        runtime: Runtime,
        /// What is missing, and how to get it.
        #[source]
        source: CannotRun,
    },
}

/// The runtime that `text` names, if a function may be given it.
///
/// # Errors
/// [`RuntimeRefused::Unknown`] or [`RuntimeRefused::Retired`].
pub fn parse(text: &str) -> Result<Runtime, RuntimeRefused> {
    if RETIRED.contains(&text) {
        return Err(RuntimeRefused::Retired(text.to_owned()));
    }
    let known = SUPPORTED.contains(&text) || NEWER.contains(&text);
    match text.parse() {
        Ok(runtime) if known => Ok(runtime),
        _ => Err(RuntimeRefused::Unknown(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), RuntimeRefused>) {
        assert_eq!(parse(text).map(|runtime| assert_eq!(runtime.as_str(), text)), expected);
    }

    #[test]
    fn every_supported_identifier_is_taken() {
        for text in SUPPORTED.iter().chain(&NEWER) {
            check(text, Ok(()));
        }
    }

    #[test]
    fn a_retired_identifier_is_told_apart_from_an_unknown_one() {
        for text in RETIRED {
            check(text, Err(RuntimeRefused::Retired(text.to_owned())));
        }
        for text in ["non-existent-runtime", "PYTHON3.9", "python3.99", "nodejs20", ""] {
            check(text, Err(RuntimeRefused::Unknown(text.to_owned())));
        }
    }
}
