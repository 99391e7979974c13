//! What this host lets a sandbox enforce, in words for people.
//!
//! Not a policy: nothing here decides what happens when something is missing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One protection, and whether this host gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is protected, as `memory limit`.
    pub what: String,
    /// Whether it is, found by trying.
    pub enforced: Enforced,
}

/// Whether a protection is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enforced {
    /// It is.
    Yes {
        /// By what means, as `cgroup v1 memory controller`.
        how: String,
    },
    /// Something weaker takes its place.
    Partly {
        /// What does, and what it does not reach.
        why: String,
    },
    /// It is not.
    No {
        /// What the kernel said, or what is missing.
        why: String,
        /// What the operator can do about it.
        remedy: String,
    },
}

impl Finding {
    pub(crate) fn yes(what: &str, how: impl Into<String>) -> Self {
        Self { what: what.to_owned(), enforced: Enforced::Yes { how: how.into() } }
    }

    pub(crate) fn partly(what: &str, why: impl Into<String>) -> Self {
        Self { what: what.to_owned(), enforced: Enforced::Partly { why: why.into() } }
    }

    pub(crate) fn no(what: &str, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.to_owned(), enforced: Enforced::No { why: why.into(), remedy: remedy.into() } }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.enforced {
            Enforced::Yes { how } => write!(f, "yes     {}: {how}", self.what),
            Enforced::Partly { why } => write!(f, "partly  {}: {why}", self.what),
            Enforced::No { why, remedy } => write!(f, "no      {}: {why} ({remedy})", self.what),
        }
    }
}
