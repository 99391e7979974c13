//! Whether a caller may do what it asks: decided before anything is looked up, so
//! that who may not ask does not learn what there is.
//!
//! ```text
//! Ask (operation, request, where) ──needed──► [Permission] ──iam.authorize──► go on │ AccessDenied
//!                                  one table per service
//! ```
//!
//! What this is *not*: it evaluates no policy (`iam` and `model::policy` do), and does
//! not know whether the resources it names exist.

mod iam;
mod lambda;
mod logs;
mod permission;

use std::net::IpAddr;

use http::StatusCode;
use http::header::USER_AGENT;
use jiff::Timestamp;
use lanthorn_iam::Iam;
use lanthorn_model::policy;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::service::Protocol;

pub(crate) use self::permission::Ask;
use self::permission::{Permission, Unclear};
use crate::authenticate::Caller;

/// Operations of STS that every caller may ask for. Source: their API reference.
const FOR_EVERYONE: &[&str] = &["GetCallerIdentity", "GetSessionToken"];
/// Operations of STS that STS itself decides on, by the trust policy of the role.
const DECIDED_BY_STS: &[&str] = &["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot"];

/// Refuses `caller` unless it may do all that `ask` needs, now, from `source`.
///
/// # Errors
/// AWS's fault for denied access, as the service's protocol names it.
pub(crate) fn authorise(
    iam: &Iam,
    caller: &Caller,
    ask: &Ask<'_>,
    source: IpAddr,
    now: Timestamp,
) -> Result<(), Fault> {
    for permission in needed(ask, iam).map_err(|Unclear| unclear())? {
        let context = context(ask, &permission, source, now);
        let request = policy::Request::new(&caller.principal, &permission.action, &permission.resource, &context)
            .in_session(caller.session.as_deref());
        let decision = iam.authorize(&request);
        if decision.is_allowed() {
            continue;
        }
        tracing::debug!(action = %permission.action, resource = %permission.resource, "access denied");
        if permission.action == "lambda:CreateFunction" && elsewhere(ask, &permission) {
            return Err(denied(ask, String::new()));
        }
        let shown = match &permission.shown {
            Some(shown) => policy::Request { resource: shown, ..request },
            None => request,
        };
        return Err(denied(ask, decision.explain(&shown).unwrap_or_default()));
    }
    Ok(())
}

fn needed(ask: &Ask<'_>, iam: &Iam) -> Result<Vec<Permission>, Unclear> {
    let operation = ask.operation;
    match operation.service.name {
        "lambda" => lambda::permissions(ask),
        "iam" => Ok(self::iam::permissions(ask, iam)),
        "logs" => logs::permissions(ask),
        "sts" if FOR_EVERYONE.contains(&operation.name) || DECIDED_BY_STS.contains(&operation.name) => Ok(Vec::new()),
        service => Ok(vec![Permission::new(format!("{service}:{}", operation.name), "*")]),
    }
}

/// What conditions may ask about. Source: *AWS global condition context keys*.
fn context(ask: &Ask<'_>, permission: &Permission, source: IpAddr, now: Timestamp) -> policy::Context {
    let context = policy::Context::new()
        .at(now)
        .from_ip(source)
        .with("aws:RequestedRegion", ask.region.as_str().to_owned())
        .with("aws:SecureTransport", "false");
    let context = match ask.request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()) {
        Some(agent) => context.with("aws:UserAgent", agent.to_owned()),
        None => context,
    };
    match permission.given {
        Some((key, value)) => context.with(key, value),
        None => context,
    }
}

/// Whether the resource belongs to another account than the caller's. Creating a
/// function there is denied without a word (recorded: `function_arn_other_account_exc`).
fn elsewhere(ask: &Ask<'_>, permission: &Permission) -> bool {
    permission.resource.split(':').nth(4).is_some_and(|account| account != ask.account.as_str())
}

/// Denied access as each protocol names it. Statuses and the capital `Message`: seen.
fn denied(ask: &Ask<'_>, message: String) -> Fault {
    match ask.operation.service.protocol {
        Protocol::RestJson => {
            Fault { capital_message: true, ..Fault::new(StatusCode::FORBIDDEN, "AccessDeniedException", message) }
        }
        Protocol::AwsJson { .. } => {
            Fault { capital_message: true, ..Fault::new(StatusCode::BAD_REQUEST, "AccessDeniedException", message) }
        }
        Protocol::Query { .. } => Fault::new(StatusCode::FORBIDDEN, "AccessDenied", message),
    }
}

fn unclear() -> Fault {
    let text = "The body is not a JSON object in which each member stands once and names are texts";
    Fault { capital_message: true, ..Fault::new(StatusCode::BAD_REQUEST, "SerializationException", text) }
}

#[cfg(test)]
pub(crate) mod tests {
    use bytes::Bytes;
    use lanthorn_wire::request::Request;
    use lanthorn_wire::service::ServiceModel;

    use super::*;

    /// What the request `line` (method, target, perhaps an `X-Amz-Target`) with `body` needs.
    #[track_caller]
    pub(crate) fn check(
        service: &'static ServiceModel,
        line: &str,
        body: &str,
        needed: impl Fn(&Ask<'_>) -> Result<Vec<Permission>, Unclear>,
        expected: &[(&str, &str)],
    ) {
        let parts: Vec<&str> = line.split(' ').collect();
        let mut head = http::Request::builder().method(parts[0]).uri(parts[1]);
        if let Some(target) = parts.get(2) {
            head = head.header("x-amz-target", *target);
        }
        let (head, ()) = head.body(()).unwrap().into_parts();
        let request = Request::new(head, Bytes::copy_from_slice(body.as_bytes()));
        let ask = Ask {
            operation: service.recognise(&request).expect("it is an operation"),
            request: &request,
            account: &"000000000000".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
        };
        let needed = needed(&ask).expect("the body is clear");
        let got: Vec<(&str, &str)> = needed.iter().map(|one| (&*one.action, one.resource.as_str())).collect();
        assert_eq!(got, expected, "for {line}");
    }
}
