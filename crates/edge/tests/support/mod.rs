//! An edge on a free port, with real IAM and STS, and a client that signs by the guide.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a slip here fails the test that made it")]

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use lanthorn_edge::code::{Locations, Package, Packages, Unreadable};
use lanthorn_edge::{Auth, Bounds, Edge, Parts};
use lanthorn_iam::Iam;
use lanthorn_model::arn::{AccountId, RoleArn};
use lanthorn_model::clock::{ManualClock, SharedClock};
use lanthorn_model::credentials::Secret;
use lanthorn_model::function::Sha256 as Digest256;
use lanthorn_model::policy::{self, Decision, Policy};
use lanthorn_sts::{AssumableRole, Roles, Sts};
use lanthorn_wire::lambda;
use lanthorn_wire::router::Router;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// 2026-11-21T20:00:00Z.
pub(crate) const NOW: i64 = 1_795_291_200;
pub(crate) const ACCOUNT: &str = "000000000000";

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) root: Key,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) edge: Arc<Edge>,
    pub(crate) iam: Arc<Iam>,
    pub(crate) sts: Arc<Sts>,
    pub(crate) locations: Locations,
    pub(crate) drain: CancellationToken,
    pub(crate) serving: JoinHandle<std::io::Result<()>>,
    _data: tempfile::TempDir,
}

/// An access key, as a client holds it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Key {
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned(), token: None }
    }
}

/// The one package there is: a megabyte that is no zip, but nobody here unpacks it.
pub(crate) fn package() -> Bytes {
    Bytes::from((0..1_000_000_u32).map(|at| at.to_le_bytes()[0]).collect::<Vec<u8>>())
}

pub(crate) fn package_digest() -> Digest256 {
    Digest256::new(Sha256::digest(package()).into())
}

struct OnePackage;

impl Packages for OnePackage {
    fn open(&self, sha256: Digest256) -> BoxFuture<'_, Result<Option<Package>, Unreadable>> {
        let found = (sha256 == package_digest()).then(|| {
            let bytes = package();
            Package { size: bytes.len() as u64, bytes: Box::pin(std::io::Cursor::new(bytes)) }
        });
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// A Lambda of which only GetFunctionConfiguration works: it tells the name it was
/// asked for, the request's id, and who asked.
fn echo() -> Router {
    Router::new(&lambda::SERVICE).on(lambda::GetFunctionConfiguration, |context, input| async move {
        Ok(lambda::FunctionConfiguration {
            function_name: Some(input.function_name),
            description: Some(context.request_id.to_string()),
            role: Some(context.principal.arn()),
            ..Default::default()
        })
    })
}

impl World {
    pub(crate) async fn new(auth: Auth) -> Self {
        Self::with(auth, Vec::new(), Bounds::default()).await
    }

    pub(crate) async fn with(auth: Auth, more: Vec<Router>, bounds: Bounds) -> Self {
        let data = tempfile::tempdir().expect("a directory for the store");
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW).unwrap()));
        let shared: SharedClock = Arc::clone(&clock) as SharedClock;
        let account: AccountId = ACCOUNT.parse().unwrap();
        let store = lanthorn_store::embedded::open(data.path(), Arc::clone(&shared)).expect("the store opens");
        let iam = Iam::open(&store, Arc::clone(&shared), account.clone()).await.expect("IAM opens");
        let roles = Arc::new(RolesOf(Arc::clone(&iam)));
        let sts = Sts::open(&store, Arc::clone(&shared), roles).await.expect("STS opens");
        let key = iam.root_access_key();
        let root = Key::new(key.id.as_str(), key.secret.expose());
        let locations = Locations::new(Secret::new("a secret of locations"), Arc::clone(&shared));
        let mut routers = vec![Arc::new(iam.router()), Arc::new(sts.router())];
        match more.is_empty() {
            true => routers.push(Arc::new(echo())),
            false => routers.extend(more.into_iter().map(Arc::new)),
        }
        let edge = Edge::new(Parts {
            routers,
            iam: Arc::clone(&iam),
            sts: Arc::clone(&sts),
            packages: Arc::new(OnePackage),
            locations: locations.clone(),
            clock: shared,
            auth,
            account,
            default_region: "us-east-1".parse().unwrap(),
            version: "1.2.3",
            bounds,
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().unwrap();
        let drain = CancellationToken::new();
        let serving = tokio::spawn(edge.serve(listener, drain.clone()));
        Self { address, root, clock, edge, iam, sts, locations, drain, serving, _data: data }
    }

    /// Sends `request` over HTTP/1.1 on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        send_to(self.address, request).await
    }

    /// A signed request: `line` is method and target.
    pub(crate) fn signed(
        &self,
        key: &Key,
        service: &str,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Request<Bytes> {
        signed_for(self.address, key, service, line, headers, body)
    }

    /// GetFunctionConfiguration of `hello`, signed with `key`.
    pub(crate) async fn ask(&self, key: &Key) -> Response<Bytes> {
        self.send(self.signed(key, "lambda", "GET /2015-03-31/functions/hello/configuration", &[], "")).await
    }

    /// A form for IAM or STS, signed with `key`.
    pub(crate) async fn form(&self, key: &Key, service: &str, form: &str) -> Response<Bytes> {
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        self.send(self.signed(key, service, "POST /", &headers, form)).await
    }

    /// A session of the role `name`, which is made for it with the managed policy `policy`,
    /// as a function gets it from Lambda.
    pub(crate) async fn session(&self, name: &str, policy: Option<&str>) -> Key {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let role = [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)];
        let created = self.form(&self.root, "iam", &form(&role)).await;
        assert_eq!(created.status(), 200, "{}", text(&created));
        if let Some(arn) = policy {
            let policy = [("Action", "AttachRolePolicy"), ("RoleName", name), ("PolicyArn", arn)];
            let attached = self.form(&self.root, "iam", &form(&policy)).await;
            assert_eq!(attached.status(), 200, "{}", text(&attached));
        }
        let role: RoleArn = format!("arn:aws:iam::{ACCOUNT}:role/{name}").parse().unwrap();
        let hour = Duration::from_secs(3600);
        let issued = self.sts.issue(&role, &"hello".parse().unwrap(), hour, "lambda.amazonaws.com").expect("a session");
        Key {
            id: issued.access_key_id.to_string(),
            secret: issued.secret_access_key.expose().to_owned(),
            token: Some(issued.session_token.expose().to_owned()),
        }
    }
}

/// IAM as STS asks for it; the binary joins the two in the same way.
struct RolesOf(Arc<Iam>);

impl Roles for RolesOf {
    fn role(&self, arn: &RoleArn) -> Option<AssumableRole> {
        let role = self.0.role(arn)?;
        Some(AssumableRole {
            id: role.id.clone(),
            trust: role.trust.policy().clone(),
            max_session_s: role.max_session_s,
        })
    }

    fn authorize(&self, request: &policy::Request<'_>) -> Decision {
        self.0.authorize(request)
    }

    fn managed_policy(&self, role: &RoleArn, arn: &str) -> Option<Policy> {
        self.0.managed_policy(role.account(), &arn.parse().ok()?)
    }
}

/// `Key=value` pairs, encoded.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        text.append_pair(key, value);
    }
    text.append_pair("Version", "2010-05-08");
    text.finish()
}

pub(crate) async fn send_to(address: SocketAddr, request: Request<Bytes>) -> Response<Bytes> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole answer").to_bytes();
    connection.abort();
    Response::from_parts(head, body)
}

/// Waits until nobody listens at `address` any more.
pub(crate) async fn closed(address: SocketAddr) {
    loop {
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => return,
            // Taken by the system just before the listener closed.
            Ok(_) | Err(_) => tokio::task::yield_now().await,
        }
    }
}

pub(crate) async fn send_h2(address: SocketAddr, request: Request<Bytes>) -> Response<Bytes> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole answer").to_bytes();
    connection.abort();
    Response::from_parts(head, body)
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Signs by the guide, in strings. Paths must need no normalising, parameters must be sorted.
pub(crate) fn signed_for(
    address: SocketAddr,
    key: &Key,
    service: &str,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Bytes> {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let stamp = "20261121T200000Z";
    let scope = format!("20261121/us-east-1/{service}/aws4_request");
    let mut signed: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    signed.push(("host".to_owned(), address.to_string()));
    signed.push(("x-amz-date".to_owned(), stamp.to_owned()));
    signed.extend(key.token.iter().map(|token| ("x-amz-security-token".to_owned(), token.clone())));
    signed.sort();
    let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let path = path.replace('%', "%25").replace(':', "%3A");
    let hash = hex::encode(Sha256::digest(body));
    let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{hash}");
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let start = format!("AWS4{}", key.secret).into_bytes();
    let signing_key = scope.split('/').fold(start, |key, part| hmac(&key, part));
    let signature = hex::encode(hmac(&signing_key, &to_sign));
    let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(target);
    for (name, value) in &signed {
        request = request.header(name, value);
    }
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", key.id);
    request.header("authorization", authorization).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

pub(crate) fn json(response: &Response<Bytes>) -> serde_json::Value {
    serde_json::from_slice(response.body()).expect("the body is JSON")
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).expect("the body is text")
}

pub(crate) fn error_type(response: &Response<Bytes>) -> &str {
    response.headers()["x-amzn-errortype"].to_str().unwrap()
}
