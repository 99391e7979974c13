//! Our errors in AWS's names, statuses and texts. Nothing else in this crate knows them.
//!
//! No `_` arm: a new variant stops the build until someone decides what the caller hears.
//!
//! Sources: the Smithy model (codes, statuses) and texts as seen in answers of IAM.

use lanthorn_model::policy::MalformedPolicy;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::iam::errors;

use crate::iam::CannotRecord;
use crate::ids::NoEntropy;
use crate::names::{PolicyArn, RoleName};
use crate::policies::{
    ChangeVersionError, CreatePolicyError, CreateVersionError, DeletePolicyError, DeleteVersionError, NoSuchPolicy,
    NoSuchVersion,
};
use crate::roles::{
    AttachError, CreateRoleError, DeleteInlineError, DeleteRoleError, DetachError, INLINE_SIZE_MAX, NoSuchInlinePolicy,
    NoSuchRole, PutBoundaryError, PutInlineError, QuotaExceeded, TagRoleError, UpdateRoleError, UpdateTrustError,
};
use crate::tags::TagsError;

impl From<NoSuchRole> for Fault {
    fn from(NoSuchRole(name): NoSuchRole) -> Self {
        errors::NO_SUCH_ENTITY.fault(format!("The role with name {name} cannot be found."))
    }
}

impl From<NoSuchInlinePolicy> for Fault {
    fn from(NoSuchInlinePolicy(name): NoSuchInlinePolicy) -> Self {
        errors::NO_SUCH_ENTITY.fault(format!("The role policy with name {name} cannot be found."))
    }
}

impl From<NoSuchPolicy> for Fault {
    fn from(NoSuchPolicy(arn): NoSuchPolicy) -> Self {
        errors::NO_SUCH_ENTITY.fault(format!("Policy {arn} was not found."))
    }
}

impl From<NoSuchVersion> for Fault {
    fn from(NoSuchVersion { policy, version }: NoSuchVersion) -> Self {
        let text = format!("Policy {policy} version v{version} does not exist or is not attachable.");
        errors::NO_SUCH_ENTITY.fault(text)
    }
}

impl From<CreateRoleError> for Fault {
    fn from(error: CreateRoleError) -> Self {
        match error {
            CreateRoleError::Exists(name) => {
                errors::ENTITY_ALREADY_EXISTS.fault(format!("Role with name {name} already exists."))
            }
            CreateRoleError::Malformed(error) => malformed(&error),
            CreateRoleError::NoSuchBoundary(arn) => no_such_boundary(&arn),
            CreateRoleError::Tags(error) => tags(error),
            CreateRoleError::Quota(quota) => exceeded(quota),
            CreateRoleError::NoEntropy(error) => no_entropy(&error),
            CreateRoleError::Record(error) => failed(&error),
        }
    }
}

impl From<UpdateRoleError> for Fault {
    fn from(error: UpdateRoleError) -> Self {
        match error {
            UpdateRoleError::NotFound(fact) => fact.into(),
            UpdateRoleError::Record(error) => failed(&error),
        }
    }
}

impl From<UpdateTrustError> for Fault {
    fn from(error: UpdateTrustError) -> Self {
        match error {
            UpdateTrustError::NotFound(fact) => fact.into(),
            UpdateTrustError::Malformed(error) => malformed(&error),
            UpdateTrustError::Quota(quota) => exceeded(quota),
            UpdateTrustError::Record(error) => failed(&error),
        }
    }
}

impl From<AttachError> for Fault {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::NotFound(fact) => fact.into(),
            AttachError::NoSuchPolicy(arn) => {
                errors::NO_SUCH_ENTITY.fault(format!("Policy {arn} does not exist or is not attachable."))
            }
            AttachError::Quota(quota) => exceeded(quota),
            AttachError::Record(error) => failed(&error),
        }
    }
}

impl From<DetachError> for Fault {
    fn from(error: DetachError) -> Self {
        match error {
            DetachError::NotFound(fact) => fact.into(),
            DetachError::NotAttached(arn) => errors::NO_SUCH_ENTITY.fault(format!("Policy {arn} was not found.")),
            DetachError::Record(error) => failed(&error),
        }
    }
}

impl From<PutBoundaryError> for Fault {
    fn from(error: PutBoundaryError) -> Self {
        match error {
            PutBoundaryError::NotFound(fact) => fact.into(),
            PutBoundaryError::NoSuchPolicy(arn) => no_such_boundary(&arn),
            PutBoundaryError::Record(error) => failed(&error),
        }
    }
}

impl From<PutInlineError> for Fault {
    fn from(error: PutInlineError) -> Self {
        match error {
            PutInlineError::NotFound(fact) => fact.into(),
            PutInlineError::Malformed(error) => malformed(&error),
            PutInlineError::TooLarge(role) => inline_too_large(&role),
            PutInlineError::Record(error) => failed(&error),
        }
    }
}

impl From<DeleteInlineError> for Fault {
    fn from(error: DeleteInlineError) -> Self {
        match error {
            DeleteInlineError::NotFound(fact) => fact.into(),
            DeleteInlineError::NoSuchPolicy(fact) => fact.into(),
            DeleteInlineError::Record(error) => failed(&error),
        }
    }
}

impl From<TagRoleError> for Fault {
    fn from(error: TagRoleError) -> Self {
        match error {
            TagRoleError::NotFound(fact) => fact.into(),
            TagRoleError::Tags(error) => tags(error),
            TagRoleError::Record(error) => failed(&error),
        }
    }
}

impl From<DeleteRoleError> for Fault {
    fn from(error: DeleteRoleError) -> Self {
        match error {
            DeleteRoleError::NotFound(fact) => fact.into(),
            DeleteRoleError::PoliciesAttached => {
                errors::DELETE_CONFLICT.fault("Cannot delete entity, must detach all policies first.")
            }
            DeleteRoleError::InlinePolicies => {
                errors::DELETE_CONFLICT.fault("Cannot delete entity, must delete policies first.")
            }
            DeleteRoleError::Changing => changing(),
            DeleteRoleError::Record(error) => failed(&error),
        }
    }
}

impl From<CreatePolicyError> for Fault {
    fn from(error: CreatePolicyError) -> Self {
        match error {
            CreatePolicyError::Exists(name) => errors::ENTITY_ALREADY_EXISTS
                .fault(format!("A policy called {name} already exists. Duplicate names are not allowed.")),
            CreatePolicyError::Malformed(error) => malformed(&error),
            CreatePolicyError::Tags(error) => tags(error),
            CreatePolicyError::Quota(quota) => exceeded(quota),
            CreatePolicyError::NoEntropy(error) => no_entropy(&error),
            CreatePolicyError::Record(error) => failed(&error),
        }
    }
}

impl From<DeletePolicyError> for Fault {
    fn from(error: DeletePolicyError) -> Self {
        match error {
            DeletePolicyError::NotFound(fact) => fact.into(),
            DeletePolicyError::Attached => {
                errors::DELETE_CONFLICT.fault("Cannot delete a policy attached to entities.")
            }
            DeletePolicyError::MoreVersions => errors::DELETE_CONFLICT.fault(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ),
            DeletePolicyError::Changing => changing(),
            DeletePolicyError::Record(error) => failed(&error),
        }
    }
}

impl From<CreateVersionError> for Fault {
    fn from(error: CreateVersionError) -> Self {
        match error {
            CreateVersionError::NotFound(fact) => fact.into(),
            CreateVersionError::Malformed(error) => malformed(&error),
            CreateVersionError::Quota(quota) => exceeded(quota),
            CreateVersionError::TooMany => errors::LIMIT_EXCEEDED.fault(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                 existing version.",
            ),
            CreateVersionError::Record(error) => failed(&error),
        }
    }
}

impl From<ChangeVersionError> for Fault {
    fn from(error: ChangeVersionError) -> Self {
        match error {
            ChangeVersionError::NotFound(fact) => fact.into(),
            ChangeVersionError::NoSuchVersion(fact) => fact.into(),
            ChangeVersionError::Record(error) => failed(&error),
        }
    }
}

impl From<DeleteVersionError> for Fault {
    fn from(error: DeleteVersionError) -> Self {
        match error {
            DeleteVersionError::NotFound(fact) => fact.into(),
            DeleteVersionError::NoSuchVersion(fact) => fact.into(),
            DeleteVersionError::InForce => {
                errors::DELETE_CONFLICT.fault("Cannot delete the default version of a policy.")
            }
            DeleteVersionError::Record(error) => failed(&error),
        }
    }
}

/// A policy ARN that is none.
pub(crate) fn invalid_arn(text: &str) -> Fault {
    errors::INVALID_INPUT.fault(format!("ARN {text} is not valid."))
}

/// A path that is none.
pub(crate) fn invalid_path() -> Fault {
    errors::VALIDATION_ERROR.fault(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    )
}

/// A name whose characters the model lets through, but that is none.
pub(crate) fn invalid_name(member: &str) -> Fault {
    let text = format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the \
         following: +=,.@_-"
    );
    errors::VALIDATION_ERROR.fault(text)
}

fn malformed(error: &MalformedPolicy) -> Fault {
    errors::MALFORMED_POLICY_DOCUMENT.fault(error.to_string())
}

fn no_such_boundary(arn: &PolicyArn) -> Fault {
    errors::NO_SUCH_ENTITY.fault(format!("Scope ARN: {arn} does not exist or is not attachable."))
}

fn inline_too_large(role: &RoleName) -> Fault {
    errors::LIMIT_EXCEEDED.fault(format!("Maximum policy size of {INLINE_SIZE_MAX} bytes exceeded for role {role}"))
}

fn exceeded(QuotaExceeded { name, limit }: QuotaExceeded) -> Fault {
    errors::LIMIT_EXCEEDED.fault(format!("Cannot exceed quota for {name}: {limit}"))
}

fn tags(error: TagsError) -> Fault {
    match error {
        TagsError::Duplicate => errors::INVALID_INPUT.fault(error.to_string()),
        TagsError::TooMany => errors::LIMIT_EXCEEDED.fault(error.to_string()),
    }
}

fn changing() -> Fault {
    errors::CONCURRENT_MODIFICATION.fault("The entity is being changed by another request. Try again.")
}

fn no_entropy(error: &NoEntropy) -> Fault {
    tracing::error!(error = error as &dyn std::error::Error, "cannot make a unique id");
    errors::SERVICE_FAILURE.fault("The service cannot make a unique id.")
}

fn failed(error: &CannotRecord) -> Fault {
    tracing::error!(error = error as &dyn std::error::Error, "IAM cannot record a change");
    errors::SERVICE_FAILURE.fault("The service cannot record the change. It is safe to try again.")
}
