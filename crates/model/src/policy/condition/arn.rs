//! ARNs as `ArnLike` compares them: component by component.
//!
//! A wildcard of one component never reaches into the next, unlike in `Resource`
//! and `StringLike`. `ArnEquals` behaves as `ArnLike`.
//!
//! Source: IAM user guide, "Amazon Resource Name (ARN) condition operators".

use crate::policy::pattern::{Case, Pattern, Reading};
use crate::policy::scope::Scope;

/// How many components an ARN has.
const COMPONENTS: usize = 6;

/// `arn:partition:service:region:account:resource`, each with wildcards and variables.
///
/// IAM stores a text with fewer components as well; it is like no ARN at all.
#[derive(Clone, Debug)]
pub(super) struct ArnPattern {
    components: Box<[Pattern]>,
}

impl ArnPattern {
    /// Compiles `text`; none if a variable in it is broken. `*` alone is every ARN.
    pub(super) fn new(text: &str, variables: bool) -> Option<Self> {
        let text = if text == "*" { "*:*:*:*:*:*" } else { text };
        let compile = |part: &str| Pattern::new(part, Reading { wildcards: true, variables });
        Some(Self { components: split(text).into_iter().map(compile).collect::<Option<_>>()? })
    }

    pub(super) fn matches(&self, arn: &str, scope: &Scope<'_>) -> bool {
        let mut parts = arn.splitn(COMPONENTS, ':');
        let mut fits = |pattern: &Pattern| parts.next().is_some_and(|part| pattern.matches(part, Case::Exact, scope));
        self.components.len() == COMPONENTS && self.components.iter().all(&mut fits)
    }
}

/// Splits at the first five colons outside `${…}`, where a key's own colon stands.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut inside) = (Vec::with_capacity(COMPONENTS), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '{' if text[..at].ends_with('$') => inside = true,
            '}' => inside = false,
            ':' if !inside && parts.len() < COMPONENTS - 1 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
