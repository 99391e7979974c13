//! Why a document is no policy, in AWS's words.
//!
//! IAM reads permission policies and trust policies with two parsers, and each
//! has sentences of its own; that is why one mistake has two texts here.

/// A document that IAM refuses with `MalformedPolicyDocument`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPolicy {
    /// A permission policy that is no JSON, or does not follow the grammar.
    #[error("Syntax errors in policy.")]
    Syntax,
    /// A managed policy of an older version, or without one.
    #[error("Policy document must be version 2012-10-17 or greater.")]
    OldVersion,
    /// Two statements of a permission policy with one `Sid`.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    DuplicateSid,
    /// A statement without `Action` and `NotAction`.
    #[error("Policy statement must contain actions.")]
    NoActions,
    /// A statement without `Resource` and `NotResource`.
    #[error("Policy statement must contain resources.")]
    NoResources,
    /// A `Principal` where the identity is the one it is attached to.
    #[error("Policy document should not specify a principal.")]
    PrincipalGiven,
    /// An action without `SERVICE:` before it.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    ActionWithoutVendor,
    /// An action with more than one colon.
    #[error("Actions/Condition can contain only one colon.")]
    ActionWithColons,
    /// An action whose service is no name.
    #[error("Vendor {0} is not valid")]
    ActionVendor(String),
    /// A resource that is neither `*` nor begins like an ARN.
    #[error("Resource {0} must be in ARN format or \"*\".")]
    ResourceNotArn(String),
    /// A resource ARN with an unknown partition.
    #[error("Partition \"{partition}\" is not valid for resource \"{resource}\".")]
    ResourcePartition {
        /// What stands where `aws` should.
        partition: String,
        /// The ARN, with `*` for the parts it leaves out.
        resource: String,
    },
    /// A resource ARN that ends before its service.
    #[error("Resource vendor must be fully qualified and cannot contain regexes.")]
    ResourceVendor,
    /// Something the older parser stumbles over: `Effect` in another case, an ARN cut short.
    #[error("The policy failed legacy parsing")]
    Legacy,

    /// A trust policy that is no JSON.
    #[error("This policy contains invalid Json")]
    TrustJson,
    /// A trust policy of an unknown version.
    #[error("The policy must contain a valid version string")]
    TrustVersion,
    /// A trust policy without a statement.
    #[error("Could not parse the policy: Statement is empty!")]
    TrustStatementEmpty,
    /// Two statements of a trust policy with one `Sid`.
    #[error("The Statement Ids in the policy are not unique")]
    TrustDuplicateSid,
    /// A trust policy that does not follow the grammar.
    #[error("Syntax error in policy.")]
    TrustSyntax,
    /// A field a trust policy must have: `Effect`, `Action`, `Principal`.
    #[error("Missing required field {0}")]
    TrustFieldMissing(&'static str),
    /// A principal without names in it.
    #[error("Missing required field Principal cannot be empty!")]
    TrustPrincipalEmpty,
    /// `Effect` is neither `Allow` nor `Deny`.
    #[error("Invalid effect: {0}")]
    TrustEffect(String),
    /// `NotPrincipal` in a trust policy.
    #[error("AssumeRole policy must not contain NotPrincipal field.")]
    TrustNotPrincipal,
    /// An action that has nothing to do with assuming a role.
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustAction,
    /// A `Resource` in a trust policy: the role itself is the resource.
    #[error("Has prohibited field Resource")]
    TrustResource,
    /// A principal that is no principal, as `"AWS":"arn:aws:iam::000000000000:role/nobody"`.
    #[error("Invalid principal in policy: {0}")]
    Principal(String),
}
