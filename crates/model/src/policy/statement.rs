//! One compiled statement, and when it applies.

use super::action::Actions;
use super::condition::Condition;
use super::pattern::{Case, Pattern};
use super::principals::{Principals, Reach};
use super::scope::Scope;

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A statement of a policy.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    /// None in policies of an identity, which apply to whoever they are attached to.
    pub(super) principals: Option<Principals>,
    pub(super) actions: Actions,
    /// None in trust policies: the role itself is the resource.
    pub(super) resources: Option<Resources>,
    pub(super) conditions: Box<[Condition]>,
}

/// The resources of a statement.
#[derive(Clone, Debug)]
pub(super) struct Resources {
    pub(super) patterns: Box<[Pattern]>,
    /// `NotResource`: every resource but these.
    pub(super) inverted: bool,
}

impl Statement {
    /// How far the statement reaches the caller; [`Reach::None`] if it does not apply.
    pub(super) fn reach(&self, scope: &Scope<'_>) -> Reach {
        let reach = match &self.principals {
            None => Reach::Exactly,
            Some(principals) => principals.reach(scope),
        };
        let applies = reach != Reach::None
            && self.actions.matches(scope)
            && self.resources.as_ref().is_none_or(|resources| resources.matches(scope))
            && self.conditions.iter().all(|condition| condition.holds(scope));
        if applies { reach } else { Reach::None }
    }
}

impl Resources {
    fn matches(&self, scope: &Scope<'_>) -> bool {
        let resource = scope.request.resource;
        self.patterns.iter().any(|pattern| pattern.matches(resource, Case::Exact, scope)) != self.inverted
    }
}
