//! Where AWS answers otherwise than its models say.
//!
//! Each entry names its source. "Recorded" is the set of answers recorded from
//! AWS between November 2025 and February 2026; "seen" is a verbatim AWS text in
//! public issues.

/// Enumerations that the service checks itself, with a text of its own.
///
/// Recorded: an unknown `Runtime` is an `InvalidParameterValueException` that
/// lists the supported runtimes only and adds `or be a valid ARN`.
pub(super) const SERVICE_CHECKED: &[(&str, &str)] = &[("lambda", "Runtime")];

/// Patterns that AWS prints, and matches, otherwise than its model does: service, shape, pattern. All recorded.
pub(super) const PATTERNS: &[(&str, &str, &str)] = &[
    // Without the parentheses around the whole.
    (
        "lambda",
        "LayerVersionArn",
        r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)",
    ),
    // Layers are named though they cannot be tagged; network connectors are not.
    (
        "lambda",
        "TaggableResource",
        r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)",
    ),
];

/// Collections whose refusals of an element end with `Member must not be null`.
///
/// `LayerList` is recorded, the others are seen; recorded too is that `SubnetIds` is not among them.
pub(super) const NOT_NULL: &[(&str, &str)] =
    &[("lambda", "LayerList"), ("lambda", "ArchitecturesList"), ("lambda", "AdditionalVersionWeights")];

/// The shape of the error that answers a violated constraint; made up where the model does not name it.
pub(super) fn validation(service: &str) -> &'static str {
    match service {
        "lambda" => "ValidationException",
        "iam" | "sts" => "ValidationError",
        "logs" => "InvalidParameterException",
        _ => unreachable!("every service in the list has its error"),
    }
}
