//! Refusals of a caller, and the fault each protocol has for them.

use http::StatusCode;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::service::Protocol;
use lanthorn_wire::sigv4;

/// Why a caller was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request is not signed.
    Missing,
    /// The signature was not accepted.
    Signature(sigv4::Refused),
    /// No such access key, or a session token that is not ours.
    UnknownKey,
    /// The session is over.
    TokenExpired,
}

impl Refusal {
    /// The fault that a client of `protocol` understands.
    ///
    /// Sources of names, statuses and texts: *Common Errors* of the API references;
    /// answers of Lambda (403), CloudWatch Logs (400) and STS (403, and 400 for an
    /// incomplete signature), seen.
    pub(crate) fn fault(&self, protocol: &Protocol) -> Fault {
        let query = matches!(protocol, Protocol::Query { .. });
        let status = match (protocol, self) {
            (Protocol::AwsJson { .. }, _) => StatusCode::BAD_REQUEST,
            (Protocol::Query { .. }, Self::Signature(sigv4::Refused::Incomplete(_))) => StatusCode::BAD_REQUEST,
            (Protocol::RestJson | Protocol::Query { .. }, _) => StatusCode::FORBIDDEN,
        };
        let code = match (self, query) {
            (Self::Missing, false) => "MissingAuthenticationTokenException",
            (Self::Missing, true) => "MissingAuthenticationToken",
            (Self::Signature(sigv4::Refused::Incomplete(_)), false) => "IncompleteSignatureException",
            (Self::Signature(sigv4::Refused::Incomplete(_)), true) => "IncompleteSignature",
            (Self::Signature(_), false) => "InvalidSignatureException",
            (Self::Signature(_), true) => "SignatureDoesNotMatch",
            (Self::UnknownKey, false) => "UnrecognizedClientException",
            (Self::UnknownKey, true) => "InvalidClientTokenId",
            (Self::TokenExpired, false) => "ExpiredTokenException",
            (Self::TokenExpired, true) => "ExpiredToken",
        };
        let text = match self {
            Self::Missing if query => "Request is missing Authentication Token".to_owned(),
            Self::Missing => "Missing Authentication Token".to_owned(),
            Self::Signature(refused) => refused.to_string(),
            Self::UnknownKey => "The security token included in the request is invalid.".to_owned(),
            Self::TokenExpired => "The security token included in the request is expired".to_owned(),
        };
        Fault::new(status, code, text)
    }
}

impl From<sigv4::Refused> for Refusal {
    fn from(refused: sigv4::Refused) -> Self {
        Self::Signature(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(refusal: &Refusal, protocol: Protocol, status: u16, code: &str) {
        let fault = refusal.fault(&protocol);
        assert_eq!((fault.status.as_u16(), fault.code.as_str()), (status, code));
    }

    #[test]
    fn each_protocol_has_its_own_name_for_it() {
        let json = Protocol::AwsJson { target_prefix: "Logs_20140328", version: "1.1" };
        let query = Protocol::Query { xml_namespace: "" };
        check(&Refusal::Missing, Protocol::RestJson, 403, "MissingAuthenticationTokenException");
        check(&Refusal::Missing, query, 403, "MissingAuthenticationToken");
        check(&Refusal::UnknownKey, json, 400, "UnrecognizedClientException");
        check(&Refusal::UnknownKey, query, 403, "InvalidClientTokenId");
        check(&Refusal::Signature(sigv4::Refused::Mismatch), Protocol::RestJson, 403, "InvalidSignatureException");
        check(&Refusal::Signature(sigv4::Refused::Mismatch), query, 403, "SignatureDoesNotMatch");
        check(&Refusal::Signature(sigv4::Refused::Incomplete(String::new())), query, 400, "IncompleteSignature");
        check(&Refusal::TokenExpired, json, 400, "ExpiredTokenException");
    }
}
