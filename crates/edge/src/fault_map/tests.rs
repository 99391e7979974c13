//! AWS's words, to the letter.

use lanthorn_control::code::unpack::Reason;
use lanthorn_control::host::CannotRun;
use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_model::function::Architecture;

use super::*;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

fn id() -> FunctionId {
    FunctionId {
        account: "000000000000".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        name: "f".parse().expect("a name"),
    }
}

#[track_caller]
fn check(error: impl IntoFault, status: u16, code: &str, message: &str) {
    let fault = error.into_fault();
    assert_eq!((fault.status.as_u16(), fault.code.as_str(), fault.message.as_str()), (status, code, message));
}

#[test]
fn what_does_not_exist() {
    let found = |qualifier| FunctionNotFound { id: id(), qualifier };
    check(found(None), 404, "ResourceNotFoundException", &format!("Function not found: {ARN}"));
    let version = Some(Qualifier::Version("1221".parse().expect("a number")));
    check(found(version), 404, "ResourceNotFoundException", &format!("Function not found: {ARN}:1221"));
    assert!(found(None).into_fault().capital_message);
    assert_eq!(found(None).into_fault().members["Type"], "User");
}

#[test]
fn what_is_busy_or_taken() {
    let conflict = "ResourceConflictException";
    check(FunctionExists(id()), 409, conflict, "Function already exist: f");
    let updating =
        format!("The operation cannot be performed at this time. An update is in progress for resource: {ARN}");
    check(Busy::Updating(id()), 409, conflict, &updating);
    check(
        Busy::Creating(id()),
        409,
        conflict,
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    );
    check(
        RevisionMismatch(id()),
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    );
}

#[test]
fn what_a_function_cannot_have() {
    let invalid = "InvalidParameterValueException";
    let role = "arn:aws:iam::000000000000:role/r";
    check(
        RoleRefused::NotAssumable(role.parse().expect("a role")),
        400,
        invalid,
        "The role defined for the function cannot be assumed by Lambda.",
    );
    check(
        RoleRefused::OtherAccount(role.parse().expect("a role")),
        403,
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    );
    check(
        RuntimeRefused::Unknown("non-existent-runtime".to_owned()),
        400,
        invalid,
        "Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2] or be a valid ARN",
    );
    check(
        RuntimeRefused::Retired("python3.7".to_owned()),
        400,
        invalid,
        "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.",
    );
    let missing = RuntimeRefused::Missing {
        runtime: "ruby3.4".parse().expect("a runtime"),
        source: CannotRun("Install ruby.".to_owned()),
    };
    check(missing, 400, invalid, "Install ruby.");
    check(
        ConfigurationRefused::Memory(10_241),
        400,
        invalid,
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    );
    check(
        ConfigurationRefused::Timeout(901),
        400,
        "ValidationException",
        "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
    );
    check(
        ConfigurationRefused::Architecture { wanted: Architecture::Arm64, host: Architecture::X86_64 },
        400,
        invalid,
        "Lanthorn runs on a machine of the architecture x86_64 and cannot run arm64 functions.",
    );
    check(
        EnvironmentRefused::Reserved(vec!["AWS_REGION".to_owned(), "LAMBDA_TASK_ROOT".to_owned()]),
        400,
        invalid,
        "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT",
    );
    check(
        EnvironmentRefused::TooLarge { measured: "{}".to_owned() },
        400,
        invalid,
        "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {}",
    );
}

#[test]
fn what_code_cannot_be() {
    let code = |error: AcceptError| CreateFunctionError::Code(error);
    let invalid = "InvalidParameterValueException";
    check(
        code(UnpackError::Unreadable(Reason::Entries).into()),
        400,
        invalid,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    );
    check(
        code(UnpackError::TooLarge(262_144_000).into()),
        400,
        invalid,
        "Unzipped size must be smaller than 262144000 bytes",
    );
    check(
        code(AcceptError::ZipTooLarge(60_000_000)),
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    );
    let disk = UnpackError::Disk(std::io::Error::other("no space left on /dev/sda1"));
    let fault = code(disk.into()).into_fault();
    assert_eq!((fault.status.as_u16(), fault.code.as_str()), (500, "ServiceException"));
    assert!(!fault.message.contains("/dev/sda1"), "what failed is ours to know");
}

#[test]
fn what_cannot_be_deleted() {
    let invalid = "InvalidParameterValueException";
    let latest = "$LATEST version cannot be deleted without deleting the function.";
    check(DeleteFunctionError::Latest, 400, invalid, latest);
    check(DeleteFunctionError::Alias, 400, invalid, "Deletion of aliases is not currently supported.");
}
