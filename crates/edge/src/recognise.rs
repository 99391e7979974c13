//! Which service a request is for, and whether we have it.
//!
//! A signed request says so in its credential scope. An unsigned one is refused in
//! nearly every case, but in the protocol of the service it looks like: by
//! `X-Amz-Target`, by the form's `Version`, or by its path.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use lanthorn_wire::request::Request;
use lanthorn_wire::router::Router;
use lanthorn_wire::service::Protocol;

/// The services that are offered, by name.
#[derive(Debug)]
pub(crate) struct Services(Vec<Arc<Router>>);

impl Services {
    pub(crate) fn new(routers: Vec<Arc<Router>>) -> Self {
        Self(routers)
    }

    /// The service called `name` in credential scopes.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Router>> {
        self.0.iter().find(|router| router.service().name == name)
    }

    /// The service that an unsigned request looks like.
    pub(crate) fn resembling(&self, request: &Request) -> Option<&Arc<Router>> {
        if let Some(target) = request.headers.get("x-amz-target") {
            let target = target.to_str().unwrap_or_default();
            return self.0.iter().find(|router| match router.service().protocol {
                Protocol::AwsJson { target_prefix, .. } => {
                    target.strip_prefix(target_prefix).is_some_and(|rest| rest.starts_with('.'))
                }
                _ => false,
            });
        }
        if is_form(request) || request.query().contains("Action=") {
            let version = version(request.query().as_bytes()).or_else(|| version(&request.body));
            let by_version = |router: &&Arc<Router>| Some(router.service().version) == version.as_deref();
            let queries = || self.0.iter().filter(|router| matches!(router.service().protocol, Protocol::Query { .. }));
            return queries().find(by_version).or_else(|| queries().next());
        }
        let rests = self.0.iter().filter(|router| router.service().protocol == Protocol::RestJson);
        rests.into_iter().find(|router| router.service().recognise(request).is_ok())
    }
}

/// Whether the body is a form.
pub(crate) fn is_form(request: &Request) -> bool {
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.starts_with("application/x-www-form-urlencoded"))
}

fn version(form: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    form_urlencoded::parse(form).find(|(key, _)| key == "Version").map(|(_, version)| version)
}

/// The operations of `routers` that have no handler yet, as `service:Operation`, ordered.
#[must_use]
pub fn gaps(routers: &[Arc<Router>]) -> Vec<String> {
    let mut gaps = Vec::new();
    for router in routers {
        let (service, built) = (router.service(), router.implemented());
        let missing = service.operations.iter().filter(|operation| built.binary_search(&operation.name).is_err());
        gaps.extend(missing.map(|operation| format!("{}:{}", service.name, operation.name)));
    }
    gaps.sort_unstable();
    gaps
}

/// A request of its head alone, for what can be told before the body is there.
pub(crate) fn without_body(head: http::request::Parts) -> Request {
    Request::new(head, Bytes::new())
}

#[cfg(test)]
mod tests {
    use lanthorn_wire::{iam, lambda, logs, sts};

    use super::*;

    fn services() -> Services {
        let all = [&lambda::SERVICE, &iam::SERVICE, &sts::SERVICE, &logs::SERVICE];
        Services::new(all.into_iter().map(|service| Arc::new(Router::new(service))).collect())
    }

    #[track_caller]
    fn check(request: http::Request<&'static str>, expected: Option<&str>) {
        let (head, body) = request.into_parts();
        let request = Request::new(head, Bytes::from_static(body.as_bytes()));
        assert_eq!(services().resembling(&request).map(|router| router.service().name), expected);
    }

    #[test]
    fn an_unsigned_request_looks_like_a_service() {
        check(http::Request::get("/2015-03-31/functions/").body("").unwrap(), Some("lambda"));
        check(http::Request::get("/favicon.ico").body("").unwrap(), None);
        check(
            http::Request::post("/").header("x-amz-target", "Logs_20140328.DescribeLogGroups").body("{}").unwrap(),
            Some("logs"),
        );
        check(http::Request::post("/").header("x-amz-target", "Kinesis_20131202.PutRecord").body("{}").unwrap(), None);
        let form =
            || http::Request::post("/").header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        check(form().body("Action=GetCallerIdentity&Version=2011-06-15").unwrap(), Some("sts"));
        check(form().body("Action=ListRoles&Version=2010-05-08").unwrap(), Some("iam"));
        check(http::Request::get("/?Action=GetCallerIdentity&Version=2011-06-15").body("").unwrap(), Some("sts"));
    }

    #[test]
    fn what_has_no_handler_is_a_gap() {
        let router = Arc::new(Router::new(&lambda::SERVICE));
        let gaps = gaps(&[router]);
        assert_eq!(gaps.len(), 91);
        assert!(gaps.contains(&"lambda:Invoke".to_owned()));
    }
}
