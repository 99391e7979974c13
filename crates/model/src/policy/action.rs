//! Actions as statements name them: `SERVICE:Operation`, with wildcards, without case.

use super::MalformedPolicy;
use super::pattern::{Case, Pattern, Reading};
use super::scope::Scope;

/// The actions of a statement.
#[derive(Clone, Debug)]
pub(super) struct Actions {
    patterns: Box<[Pattern]>,
    /// `NotAction`: every action but these.
    inverted: bool,
}

impl Actions {
    /// Compiles the texts of `Action`, or of `NotAction` if `inverted`.
    pub(super) fn new(texts: &[&str], inverted: bool) -> Result<Self, MalformedPolicy> {
        let patterns = texts.iter().map(|text| compile(text)).collect::<Result<_, _>>()?;
        Ok(Self { patterns, inverted })
    }

    pub(super) fn matches(&self, scope: &Scope<'_>) -> bool {
        let action = scope.request.action;
        self.patterns.iter().any(|pattern| pattern.matches(action, Case::Ignored, scope)) != self.inverted
    }
}

fn compile(text: &str) -> Result<Pattern, MalformedPolicy> {
    if text != "*" {
        let (vendor, operation) = text.split_once(':').ok_or(MalformedPolicy::ActionWithoutVendor)?;
        if operation.contains(':') {
            return Err(MalformedPolicy::ActionWithColons);
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if vendor != "*" && !vendor.chars().all(legal) {
            return Err(MalformedPolicy::ActionVendor(vendor.to_owned()));
        }
    }
    // Actions know no variables: `$` is no character of theirs.
    Pattern::new(text, Reading { wildcards: true, variables: false }).ok_or(MalformedPolicy::Syntax)
}
