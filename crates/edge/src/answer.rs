//! One request, from its head to its answer.
//!
//! ```text
//! head ──► recognise ──► identify ──► body ──► verify ──► (form: operation) ──► authorise ──► Router::call
//!             │              │          │         │                                 │
//!             └──────────────┴──────────┴─────────┴──── fault, in the service's protocol ───► answer
//! ```
//!
//! The order is the point: nobody's body is read who is not known, nothing is looked
//! up for somebody who may not ask, and an unknown operation is told to callers only.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use lanthorn_model::arn::Region;
use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::protocol;
use lanthorn_wire::request::Request;
use lanthorn_wire::service::{OperationModel, Protocol, ServiceModel};
use lanthorn_wire::sigv4::{BodyHasher, Claim, Head, Refused};

use crate::Edge;
use crate::authenticate::{Caller, Door, Refusal};
use crate::authorise::{Ask, authorise};
use crate::http::body::{AnswerBody, CollectError, collect, discard, whole};
use crate::http::serve::Answer;
use crate::limits::{body_bytes_max, too_long};
use crate::recognise::without_body;
use crate::routes::{code, health};
use crate::trace;

/// The edge behind one listener.
pub(crate) struct Front {
    pub(crate) edge: Arc<Edge>,
    pub(crate) door: Door,
}

/// A request that ends in a fault of the service it was for.
struct Ended {
    service: Option<&'static ServiceModel>,
    fault: Fault,
}

/// Operations that anyone may ask for without a signature: what they bring instead is
/// a token that STS checks. Source: `authtype: none` in the service model.
const UNSIGNED: &[&str] = &["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

impl Answer for Front {
    async fn answer(self: Arc<Self>, request: http::Request<Incoming>, peer: SocketAddr) -> Response<AnswerBody> {
        let id = RequestId::random();
        let (head, mut body) = request.into_parts();
        let edge = &*self.edge;
        let path = head.uri.path();
        let mut response = if path == health::PATH {
            health::answer(&head.method, edge.version).map(whole)
        } else if path.starts_with(code::PREFIX) {
            code::answer(&edge.locations, &*edge.packages, Head::from(&head), id).await
        } else {
            match edge.serve_request(without_body(head), &mut body, self.door, peer, id).await {
                Ok(response) => response.map(whole),
                Err(ended) => {
                    discard(&mut body).await;
                    ended.response(id).map(whole)
                }
            }
        };
        // The services' answers have it already.
        if !response.headers().contains_key(&REQUEST_ID)
            && let Ok(id) = HeaderValue::try_from(id.to_string())
        {
            response.headers_mut().insert(&REQUEST_ID, id);
        }
        edge.metrics.requests_total.increment();
        if response.status().is_server_error() {
            edge.metrics.failures_total.increment();
        }
        response
    }
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

impl Edge {
    #[tracing::instrument(level = "debug", name = "answer", skip_all, fields(request.id = %id, service.name, operation.name))]
    async fn serve_request(
        &self,
        mut request: Request,
        body: &mut Incoming,
        door: Door,
        peer: SocketAddr,
        id: RequestId,
    ) -> Result<Response<Bytes>, Ended> {
        // Borrowed field by field, so that the body can be put beside them.
        let head = Head { method: &request.method, uri: &request.uri, headers: &request.headers };
        let claim = match Claim::parse(head) {
            Ok(claim) => claim,
            Err(refused) => return Err(self.unsigned(&request, Refusal::Signature(refused))),
        };
        let Some(claim) = claim else {
            return self.answer_unsigned(request, body, peer, id).await;
        };
        let Some(router) = self.services.named(claim.service()) else {
            return Err(Ended { service: None, fault: unknown_service(claim.service()) });
        };
        let service = router.service();
        let refused = |refusal: Refusal| self.refused(service, &refusal);
        let now = self.clock.now();
        let region = self.region(claim.region()).map_err(refused)?;
        let claimed =
            self.authenticator.identify(claim, head, door, (service.name, &service.protocol), now).map_err(refused)?;
        // Of a form the operation is in the body; of the others it is known here, so
        // that each has a limit of its own.
        let early = match service.protocol {
            Protocol::Query { .. } => None,
            Protocol::RestJson | Protocol::AwsJson { .. } => Some(service.recognise(&request)),
        };
        let known = early.as_ref().and_then(|found| found.as_ref().ok()).copied();
        let limit = body_bytes_max(service, known);
        let mut hasher = claimed.needs_body_digest().then(BodyHasher::default);
        let collected = collect(body, limit, hasher.as_mut(), &self.budget)
            .await
            .map_err(|error| ended(service, body_fault(&error, service, known)))?;
        self.metrics.received_bytes_total.add(collected.bytes.len() as u64);
        let digest = hasher.map(BodyHasher::finish);
        let caller = self.authenticator.verify(claimed, head, digest.as_ref()).map_err(refused)?;
        request.body = collected.bytes;
        let operation = early.unwrap_or_else(|| service.recognise(&request)).map_err(|fault| ended(service, fault))?;
        let span = tracing::Span::current();
        span.record("service.name", service.name).record("operation.name", operation.name);
        let answer = self.call(operation, request, caller, region, peer, id, now).await;
        // Room for the body is given back only now that nobody holds it any more.
        drop(collected.reserved);
        answer
    }

    #[expect(clippy::too_many_arguments, reason = "the circumstances of one request, each known by another step")]
    async fn call(
        &self,
        operation: &'static OperationModel,
        request: Request,
        caller: Caller,
        region: Region,
        peer: SocketAddr,
        id: RequestId,
        now: jiff::Timestamp,
    ) -> Result<Response<Bytes>, Ended> {
        let service = operation.service;
        let account = caller.principal.account().unwrap_or(&self.account).clone();
        let ask = Ask { operation, request: &request, account: &account, region: &region };
        authorise(&self.iam, &caller, &ask, peer.ip(), now).map_err(|fault| {
            self.metrics.unauthorised_total.increment();
            ended(service, fault)
        })?;
        let Some(router) = self.services.named(service.name) else {
            return Err(Ended { service: None, fault: unknown_service(service.name) });
        };
        let trace = trace::of(operation, &request, now);
        let context = Context {
            request_id: id,
            principal: caller.principal,
            session: caller.session,
            source_ip: Some(peer.ip()),
            access_key_id: caller.access_key_id,
            account,
            region,
            base_url: base_url(&request),
            trace: trace.clone(),
        };
        if trace::invokes(operation) {
            // A caller that left is noticed further in: the function runs on, as on AWS.
            let mut answer = router.call(operation, context, request).await;
            trace::tell(operation, trace.as_deref(), &mut answer);
            return Ok(answer);
        }
        // A change that was begun is finished, whether or not its caller still listens.
        let router = Arc::clone(router);
        let answer = self.calls.spawn(async move { router.call(operation, context, request).await });
        answer.await.map_err(|error| {
            tracing::error!(operation.name, error = %error, "a handler broke");
            ended(service, internal_failure())
        })
    }

    /// A request without a signature: one of the few operations that need none, or refused.
    async fn answer_unsigned(
        &self,
        mut request: Request,
        body: &mut Incoming,
        peer: SocketAddr,
        id: RequestId,
    ) -> Result<Response<Bytes>, Ended> {
        let budget = &self.budget;
        let sts = self.services.named("sts");
        if let Some(router) = sts
            && crate::recognise::is_form(&request)
        {
            let service = router.service();
            let limit = body_bytes_max(service, None);
            let collected = collect(body, limit, None, budget)
                .await
                .map_err(|error| ended(service, body_fault(&error, service, None)))?;
            request.body = collected.bytes;
            if let Ok(operation) = service.recognise(&request)
                && UNSIGNED.contains(&operation.name)
            {
                let context = Context {
                    request_id: id,
                    principal: Principal::Anonymous,
                    session: None,
                    source_ip: Some(peer.ip()),
                    access_key_id: None,
                    account: self.account.clone(),
                    region: self.default_region.clone(),
                    base_url: base_url(&request),
                    trace: None,
                };
                return Ok(router.call(operation, context, request).await);
            }
        }
        Err(self.unsigned(&request, Refusal::Missing))
    }

    /// The refusal of a request that does not say which service it is for.
    fn unsigned(&self, request: &Request, refusal: Refusal) -> Ended {
        match self.services.resembling(request) {
            Some(router) => self.refused(router.service(), &refusal),
            None => {
                self.metrics.unauthenticated_total.increment();
                Ended { service: None, fault: refusal.fault(&Protocol::RestJson) }
            }
        }
    }

    fn refused(&self, service: &'static ServiceModel, refusal: &Refusal) -> Ended {
        self.metrics.unauthenticated_total.increment();
        tracing::debug!(service.name, refusal = ?refusal, "caller refused");
        ended(service, refusal.fault(&service.protocol))
    }

    /// The region of a credential scope; nearly always the default one, which is not parsed again.
    fn region(&self, scope: &str) -> Result<Region, Refusal> {
        if scope == self.default_region.as_str() {
            return Ok(self.default_region.clone());
        }
        scope.parse().map_err(|_| {
            let text = format!("Credential should be scoped to a valid region, not '{scope}'.");
            Refusal::Signature(Refused::Scope(text))
        })
    }
}

impl Ended {
    fn response(self, id: RequestId) -> Response<Bytes> {
        match self.service {
            Some(service) => protocol::fault(service, &self.fault, id),
            None => {
                // Whose protocol it should have been is not known; this is what most clients read.
                let body = serde_json::json!({ "__type": self.fault.code, "message": self.fault.message }).to_string();
                let mut response = Response::new(Bytes::from(body));
                *response.status_mut() = self.fault.status;
                let headers = response.headers_mut();
                headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                if let Ok(code) = HeaderValue::try_from(&self.fault.code) {
                    headers.insert("x-amzn-errortype", code);
                }
                response
            }
        }
    }
}

fn ended(service: &'static ServiceModel, fault: Fault) -> Ended {
    Ended { service: Some(service), fault }
}

fn unknown_service(name: &str) -> Fault {
    let name: String = name.chars().take(64).collect();
    let text = format!("The service '{name}' is not offered by this endpoint");
    Fault::new(StatusCode::NOT_FOUND, "UnknownOperationException", text)
}

fn internal_failure() -> Fault {
    let text = "The request processing has failed because of an unknown error, exception or failure.";
    Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", text)
}

fn body_fault(error: &CollectError, service: &ServiceModel, operation: Option<&OperationModel>) -> Fault {
    let query = matches!(service.protocol, Protocol::Query { .. });
    match error {
        CollectError::TooLong { limit } => too_long(service, operation, *limit),
        CollectError::Slow => Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            if query { "RequestTimeout" } else { "RequestTimeoutException" },
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
        CollectError::Broken => Fault::new(
            StatusCode::BAD_REQUEST,
            if query { "IncompleteBody" } else { "IncompleteBodyException" },
            "The request body terminated unexpectedly",
        ),
        CollectError::Busy => {
            let code = if query { "ServiceUnavailable" } else { "ServiceUnavailableException" };
            let text = "Too many large requests are in progress. Please try again.";
            let fault = Fault::new(StatusCode::SERVICE_UNAVAILABLE, code, text);
            Fault { headers: vec![("Retry-After", "1".to_owned())], ..fault }
        }
    }
}

/// How the caller reached us, `http://HOST:PORT`.
fn base_url(request: &Request) -> Box<str> {
    let host = request.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
    let mut url = String::with_capacity("http://".len() + host.len());
    url.push_str("http://");
    url.push_str(host);
    url.into_boxed_str()
}
