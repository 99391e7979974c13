//! STS as a room: its operations as clients spell them, over a real store and a small IAM.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assume_role;
mod identity;
mod sessions;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::arn::{AccountId, RoleArn};
use lanthorn_model::clock::ManualClock;
use lanthorn_model::invocation::RequestId;
use lanthorn_model::policy::{self, Decision, Identity, Kind, Policy, Standing};
use lanthorn_model::principal::Principal;
use lanthorn_store::{Documents, embedded};
use lanthorn_sts::{AssumableRole, Roles, Session, Sts};
use lanthorn_wire::context::Context;
use lanthorn_wire::request::Request;
use lanthorn_wire::router::Router;
use tempfile::TempDir;

/// An IAM of two roles: `worker`, whom Lambda may assume, and `admin`, whom `worker` may.
pub(crate) struct SmallIam {
    roles: BTreeMap<String, (AssumableRole, Policy)>,
}

pub(crate) fn trust(statement: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{statement}}}]}}"#);
    Policy::parse(&text, Kind::Trust).unwrap()
}

pub(crate) fn inline(statement: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{statement}}}]}}"#);
    Policy::parse(&text, Kind::Inline).unwrap()
}

impl SmallIam {
    /// Each role: name, id, what trusts it (a statement's members), what it may do (likewise).
    pub(crate) fn new(roles: &[(&str, &str, &str, &str)]) -> Self {
        let role = |&(name, id, trusts, may): &(&str, &str, &str, &str)| {
            let role = AssumableRole { id: id.into(), trust: trust(trusts), max_session_s: 7_200 };
            (format!("arn:aws:iam::000000000000:role/{name}"), (role, inline(may)))
        };
        Self { roles: roles.iter().map(role).collect() }
    }
}

impl Roles for SmallIam {
    fn role(&self, arn: &RoleArn) -> Option<AssumableRole> {
        self.roles.get(arn.as_str()).map(|(role, _)| role.clone())
    }

    fn authorize(&self, request: &policy::Request<'_>) -> Decision {
        let (arn, tags) = match request.principal {
            Principal::Root { .. } => return policy::evaluate(request, &Standing::Owner),
            Principal::AssumedRole { account, role_name, .. } => {
                (format!("arn:aws:iam::{account}:role/{role_name}").parse().unwrap(), BTreeMap::new())
            }
            _ => return policy::evaluate(request, &Standing::Stranger),
        };
        let policies: Vec<&Policy> = self.roles.get(RoleArn::as_str(&arn)).map(|(_, may)| may).into_iter().collect();
        let identity = Identity { arn: &arn, tags: &tags, policies: &policies, boundary: None };
        policy::evaluate(request, &Standing::Role(identity))
    }

    fn managed_policy(&self, _: &RoleArn, arn: &str) -> Option<Policy> {
        (arn == "arn:aws:iam::aws:policy/ReadS3").then(|| inline(r#""Action":"s3:Get*","Resource":"*""#))
    }
}

/// A server's STS on a directory of its own.
pub(crate) struct Room {
    pub(crate) sts: Arc<Sts>,
    router: Router,
    pub(crate) clock: Arc<ManualClock>,
    directory: TempDir,
    store: Weak<dyn Documents>,
}

pub(crate) fn account() -> AccountId {
    "000000000000".parse().unwrap()
}

pub(crate) fn root() -> Principal {
    Principal::Root { account: account() }
}

pub(crate) const START: &str = "2026-01-02T03:04:05Z";

impl Room {
    pub(crate) async fn open(roles: &[(&str, &str, &str, &str)]) -> Self {
        Self::open_at(tempfile::tempdir().unwrap(), roles).await
    }

    pub(crate) async fn open_at(directory: TempDir, roles: &[(&str, &str, &str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        let store = embedded::open(directory.path(), clock.clone()).unwrap();
        let sts = Sts::open(&store, clock.clone(), Arc::new(SmallIam::new(roles))).await.unwrap();
        let router = sts.router();
        Self { sts, router, clock, directory, store: Arc::downgrade(&store.documents) }
    }

    /// Closes everything, and gives the directory back when nobody holds the store any more.
    pub(crate) async fn close(self) -> TempDir {
        let Self { sts, router, directory, store, .. } = self;
        drop((sts, router));
        while store.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        directory
    }

    /// The answer to `operation` with `parameters`, asked by `caller`: status and body.
    pub(crate) async fn ask(&self, caller: &Asking, operation: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        let form = [("Action", operation), ("Version", "2011-06-15")].into_iter().chain(parameters.iter().copied());
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<String> = form.map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        let (head, ()) = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(())
            .unwrap()
            .into_parts();
        let request = Request::new(head, Bytes::from(body.join("&")));
        let operation = self.router.service().recognise(&request).expect("it is an operation");
        let context = Context {
            request_id: RequestId::random(),
            principal: caller.principal.clone(),
            session: caller.session.as_ref().map(|session| Arc::clone(&session.terms)),
            source_ip: Some("203.0.113.9".parse().unwrap()),
            access_key_id: Some(caller.access_key_id.clone()),
            account: account(),
            region: "us-east-1".parse().unwrap(),
            base_url: "http://127.0.0.1:4566".into(),
            trace: None,
        };
        let answer = self.router.call(operation, context, request).await;
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    /// As `ask`, for what must succeed.
    pub(crate) async fn done(&self, caller: &Asking, operation: &str, parameters: &[(&str, &str)]) -> String {
        let (status, body) = self.ask(caller, operation, parameters).await;
        assert_eq!(status, 200, "{operation} {parameters:?}: {body}");
        body
    }

    /// As `ask`, for what must fail with `status`, `code` and `message`.
    pub(crate) async fn refused(
        &self,
        caller: &Asking,
        operation: &str,
        parameters: &[(&str, &str)],
        (status, code, message): (u16, &str, &str),
    ) {
        let (got, body) = self.ask(caller, operation, parameters).await;
        assert_eq!(
            (got, member(&body, "Code"), member(&body, "Message")),
            (status, Some(code.to_owned()), Some(message.to_owned())),
            "{operation} {parameters:?}: {body}"
        );
    }

    /// A session of `role` that `caller` gets, with `more` parameters.
    pub(crate) async fn assume(&self, caller: &Asking, role: &str, more: &[(&str, &str)]) -> Asking {
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let mut parameters = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "test")];
        parameters.extend_from_slice(more);
        self.using(&self.done(caller, "AssumeRole", &parameters).await)
    }

    /// Whoever uses the credentials of an answer.
    pub(crate) fn using(&self, body: &str) -> Asking {
        let (id, token) = (member(body, "AccessKeyId").unwrap(), member(body, "SessionToken").unwrap());
        let session = self.sts.verify(&id, &token).expect("the token is genuine");
        assert_eq!(Some(session.secret.expose()), member(body, "SecretAccessKey").as_deref());
        assert_eq!(Some(session.expiration), member(body, "Expiration").map(|at| at.parse::<Timestamp>().unwrap()));
        Asking { principal: session.principal.clone(), access_key_id: id.into(), session: Some(session) }
    }
}

/// Who asks, as the edge has found out.
pub(crate) struct Asking {
    pub(crate) principal: Principal,
    pub(crate) access_key_id: Box<str>,
    pub(crate) session: Option<Session>,
}

impl Asking {
    pub(crate) fn root() -> Self {
        Self { principal: root(), access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), session: None }
    }
}

/// The text of the first element `name` of an XML answer, unescaped.
pub(crate) fn member(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.replace("&quot;", "\"").replace("&apos;", "'").replace("&lt;", "<").replace("&amp;", "&"))
}
