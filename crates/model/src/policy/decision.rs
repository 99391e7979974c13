//! What the engine answers, and how AWS says it.

use super::Request;
use crate::principal::Principal;

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may.
    Allowed,
    /// A statement of this layer forbids it.
    DeniedExplicitly(Layer),
    /// No statement of this layer allows it.
    DeniedImplicitly(Layer),
}

/// A kind of policy with a part in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Attached to the caller's role, managed or inline.
    Identity,
    /// The role's permissions boundary.
    Boundary,
    /// What the session was limited to.
    Session,
    /// The resource's own.
    Resource,
}

impl Decision {
    /// Whether the request may go on.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    /// AWS's sentence for the refusal of `request`; none if it was allowed.
    ///
    /// Source: IAM user guide, "Troubleshoot access denied error messages":
    /// `User: ARN is not authorized to perform: ACTION on resource: ARN because …`.
    #[must_use]
    pub fn explain(self, request: &Request<'_>) -> Option<String> {
        let reason = match self {
            Self::Allowed => return None,
            Self::DeniedExplicitly(layer) => format!("with an explicit deny in {}", layer.with_article()),
            Self::DeniedImplicitly(layer) => {
                format!("because no {} allows the {} action", layer.name(), request.action)
            }
        };
        Some(format!("{} {reason}", unauthorized(request)))
    }
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::Identity => "an identity-based policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::Resource => "a resource-based policy",
        }
    }
}

impl Request<'_> {
    /// The sentence without a reason, as STS still says it:
    /// `User: ARN is not authorized to perform: ACTION on resource: ARN`.
    #[must_use]
    pub fn unauthorized(&self) -> String {
        unauthorized(self)
    }
}

fn unauthorized(request: &Request<'_>) -> String {
    let who = match request.principal {
        Principal::Anonymous => "anonymous".to_owned(),
        principal => principal.arn(),
    };
    format!("User: {who} is not authorized to perform: {} on resource: {}", request.action, request.resource)
}
