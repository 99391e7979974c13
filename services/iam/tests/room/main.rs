//! IAM as a room: its operations as clients spell them, over a real store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authorisation;
mod durability;
mod policies;
mod roles;

use std::sync::{Arc, Weak};

use bytes::Bytes;
use lanthorn_iam::Iam;
use lanthorn_model::arn::AccountId;
use lanthorn_model::clock::{ManualClock, SharedClock};
use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use lanthorn_store::{Documents, Store, embedded};
use lanthorn_wire::context::Context;
use lanthorn_wire::request::Request;
use lanthorn_wire::router::Router;
use tempfile::TempDir;

pub(crate) const TRUST_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
pub(crate) const ALLOW_S3: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
pub(crate) const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// A server's IAM on a directory of its own.
pub(crate) struct Room {
    pub(crate) iam: Arc<Iam>,
    router: Router,
    directory: TempDir,
    store: Weak<dyn Documents>,
}

pub(crate) fn account() -> AccountId {
    "000000000000".parse().unwrap()
}

pub(crate) fn clock() -> SharedClock {
    Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z".parse().unwrap()))
}

impl Room {
    pub(crate) async fn open() -> Self {
        Self::open_at(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn open_at(directory: TempDir) -> Self {
        let store: Store = embedded::open(directory.path(), clock()).unwrap();
        let iam = Iam::open(&store, clock(), account()).await.unwrap();
        let router = iam.router();
        Self { iam, router, directory, store: Arc::downgrade(&store.documents) }
    }

    /// Closes everything, and gives the directory back when nobody holds the store any more.
    pub(crate) async fn close(self) -> TempDir {
        let Self { iam, router, directory, store } = self;
        drop((iam, router));
        while store.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        directory
    }

    /// The answer to `operation` with `parameters`, asked by the root user: status and body.
    pub(crate) async fn ask(&self, operation: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        let form = [("Action", operation), ("Version", "2010-05-08")].into_iter().chain(parameters.iter().copied());
        let body: String = form::urlencoded(form);
        let (head, ()) = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(())
            .unwrap()
            .into_parts();
        let request = Request::new(head, Bytes::from(body));
        let operation = self.router.service().recognise(&request).expect("it is an operation");
        let context = Context {
            request_id: RequestId::random(),
            principal: Principal::Root { account: account() },
            session: None,
            source_ip: None,
            access_key_id: None,
            account: account(),
            region: "us-east-1".parse().unwrap(),
            base_url: "http://127.0.0.1:4566".into(),
            trace: None,
        };
        let answer = self.router.call(operation, context, request).await;
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    /// As `ask`, for what must succeed.
    #[track_caller]
    pub(crate) fn done(&self, operation: &str, parameters: &[(&str, &str)]) -> impl Future<Output = String> + use<'_> {
        let owned: Vec<(String, String)> = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (operation, caller) = (operation.to_owned(), std::panic::Location::caller());
        async move {
            let parameters: Vec<(&str, &str)> = owned.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let (status, body) = self.ask(&operation, &parameters).await;
            assert_eq!(status, 200, "{operation} at {caller}: {body}");
            body
        }
    }

    /// As `ask`, for what must fail with `status`, `code` and `message`.
    pub(crate) async fn refused(
        &self,
        operation: &str,
        parameters: &[(&str, &str)],
        (status, code, message): (u16, &str, &str),
    ) {
        let (got, body) = self.ask(operation, parameters).await;
        assert_eq!(
            (got, member(&body, "Code"), member(&body, "Message")),
            (status, Some(code.to_owned()), Some(message.to_owned())),
            "{operation} {parameters:?}: {body}"
        );
    }

    /// A role that Lambda may assume, and its answer's body.
    pub(crate) async fn role(&self, name: &str) -> String {
        self.done("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST_LAMBDA)]).await
    }
}

/// The text of the first element `name` of an XML answer, unescaped.
pub(crate) fn member(body: &str, name: &str) -> Option<String> {
    members(body, name).into_iter().next()
}

/// The texts of all elements `name` of an XML answer, unescaped.
pub(crate) fn members(body: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let texts = body.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap_or_default());
    let unescape = |text: &str| {
        let text = text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&#34;", "\"");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    texts.map(unescape).collect()
}

mod form {
    //! Forms as clients send them.

    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    pub(crate) fn urlencoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let encode = |text: &'a str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        pairs.map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect::<Vec<_>>().join("&")
    }
}
