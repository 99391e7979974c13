//! How long a request's body may be, by operation, and how AWS says that it is not.

use http::StatusCode;
use lanthorn_model::limits::{CREATE_REQUEST_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX};
use lanthorn_wire::fault::Fault;
use lanthorn_wire::service::{OperationModel, Protocol, ServiceModel};

/// A little over the limit of a payload, the invocation itself refuses, with another
/// text; far over it, the edge does. Where AWS draws the line is not known.
const PAYLOAD_MARGIN_BYTES: u64 = 1024 * 1024;
/// The longest request of Lambda that carries neither code nor a payload, in bytes.
const LAMBDA_BYTES_MAX: u64 = 1024 * 1024;
/// The longest aws-json request, in bytes. Source: PutLogEvents, 1 MiB of events; JSON makes it more.
const JSON_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The longest form, in bytes.
const FORM_BYTES_MAX: u64 = 1024 * 1024;

/// The longest body we read for `operation`, or for any of `service` while the
/// operation stands in the body itself. In bytes.
pub(crate) fn body_bytes_max(service: &ServiceModel, operation: Option<&OperationModel>) -> u64 {
    match service.protocol {
        Protocol::RestJson => match operation.map(|operation| operation.name) {
            Some("Invoke" | "InvokeWithResponseStream" | "InvokeAsync") => {
                SYNC_PAYLOAD_BYTES_MAX as u64 + PAYLOAD_MARGIN_BYTES
            }
            // The limit of CreateFunction is recorded; its siblings carry the same zip.
            Some("CreateFunction" | "UpdateFunctionCode" | "PublishLayerVersion") => {
                CREATE_REQUEST_BYTES_MAX as u64 - 1
            }
            _ => LAMBDA_BYTES_MAX,
        },
        Protocol::AwsJson { .. } => JSON_BYTES_MAX,
        Protocol::Query { .. } => FORM_BYTES_MAX,
    }
}

/// The fault for a longer one (recorded for CreateFunction, seen for Invoke, whose
/// operation AWS calls by another name here).
pub(crate) fn too_long(service: &ServiceModel, operation: Option<&OperationModel>, limit: u64) -> Fault {
    let (name, limit) = match operation.map(|operation| operation.name) {
        Some("Invoke" | "InvokeWithResponseStream" | "InvokeAsync") => {
            ("InvokeFunction", SYNC_PAYLOAD_BYTES_MAX as u64)
        }
        Some(name) => (name, limit + 1),
        None => (service.name, limit + 1),
    };
    let code = match service.protocol {
        Protocol::Query { .. } => "RequestEntityTooLarge",
        Protocol::RestJson | Protocol::AwsJson { .. } => "RequestEntityTooLargeException",
    };
    let text = format!("Request must be smaller than {limit} bytes for the {name} operation");
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, code, text)
}

#[cfg(test)]
mod tests {
    use lanthorn_wire::lambda;

    use super::*;

    #[test]
    fn the_refusal_names_the_limit_as_recorded() {
        let create = lambda::SERVICE.operation("CreateFunction");
        let limit = body_bytes_max(&lambda::SERVICE, create);
        assert_eq!(limit, 70_167_210);
        let fault = too_long(&lambda::SERVICE, create, limit);
        assert_eq!(fault.message, "Request must be smaller than 70167211 bytes for the CreateFunction operation");
        assert_eq!((fault.status.as_u16(), fault.code.as_str()), (413, "RequestEntityTooLargeException"));
    }
}
