//! The download of a function's code: `Code.Location` of GetFunction.
//!
//! ```text
//! GetFunction ──Locations::of──► http://HOST/snapshots/ACCOUNT/NAME-UUID?versionId=SHA256&X-Amz-…
//!                                                      │ GET, within ten minutes
//!                                     Claim::verify ◄──┘──► Packages::open ──► the zip, streamed
//! ```
//!
//! On AWS the URL points at a bucket of the Lambda service, presigned by the service.
//! Ours looks the same and speaks S3's errors, but is no bucket: it serves packages alone.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use jiff::Timestamp;
use lanthorn_model::arn::FunctionId;
use lanthorn_model::clock::SharedClock;
use lanthorn_model::credentials::Secret;
use lanthorn_model::function::Sha256;
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::sigv4::{Claim, Head, Place, Presign, Refused, SigningKey, Style};
use sha2::Digest as _;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::http::body::{AnswerBody, streamed, whole};

/// What every path of a package begins with.
pub(crate) const PREFIX: &str = "/snapshots/";
/// How long a location is good for, in seconds. Source: GetFunction, API reference.
const EXPIRES_S: u32 = 600;
/// How far into our future a location may have been made, in minutes.
const WINDOW_MIN: i64 = 15;
/// Bytes read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Where packages are read from. The binary fills it with the store's blobs.
pub trait Packages: Send + Sync {
    /// The zip with this digest; none if there is none.
    fn open(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<Package>, Unreadable>>;
}

/// A package about to be read.
pub struct Package {
    /// Its bytes, in order.
    pub bytes: Pin<Box<dyn AsyncRead + Send>>,
    /// Their number.
    pub size: u64,
}

/// The package cannot be read; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("the package cannot be read: {0}")]
pub struct Unreadable(pub String);

/// Makes locations, and knows its own again. Every shard, and every node that can
/// serve the others' packages, is given the same secret.
#[derive(Clone, Debug)]
pub struct Locations {
    access_key_id: Arc<str>,
    secret: Secret,
    clock: SharedClock,
}

/// A location could not be made: the host the caller reached us by is not one.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a location below `{base_url}`")]
pub struct NoLocation {
    /// The URL it should have begun with.
    pub base_url: String,
    #[source]
    source: http::Error,
}

impl Locations {
    /// Locations signed with `secret`, which need not be remembered longer than ten minutes.
    #[must_use]
    pub fn new(secret: Secret, clock: SharedClock) -> Self {
        // Only a label: that the secret is the same is what counts.
        let digest = hex::encode_upper(sha2::Sha256::digest(format!("location{}", secret.expose())));
        Self { access_key_id: format!("ASIA{}", &digest[..16]).into(), secret, clock }
    }

    /// A URL below `base_url` (`http://HOST:PORT`) that downloads the package for ten minutes.
    ///
    /// # Errors
    /// [`NoLocation`] if `base_url` names no host.
    pub fn of(&self, base_url: &str, function: &FunctionId, sha256: Sha256) -> Result<String, NoLocation> {
        let host = base_url.split_once("://").map_or(base_url, |(_, host)| host);
        let mut version = [0; 16];
        version.copy_from_slice(&sha256.as_bytes()[..16]);
        let version = uuid::Builder::from_random_bytes(version).into_uuid();
        let path = format!("{PREFIX}{}/{}-{version}?versionId={sha256}", function.account, function.name);
        let target = Presign {
            host,
            target: &path,
            access_key_id: &self.access_key_id,
            secret: &self.secret,
            session_token: None,
            region: function.region.as_str(),
            service: "s3",
            style: Style::S3,
            at: self.clock.now(),
            expires_s: EXPIRES_S,
        };
        let target = target.target().map_err(|source| NoLocation { base_url: base_url.to_owned(), source })?;
        Ok(format!("{base_url}{target}"))
    }
}

/// Why a package is not given, as S3 says it. Source: *Error responses*, S3's API reference.
#[derive(Debug)]
enum Denied {
    Unsigned,
    Incomplete(String),
    UnknownKey,
    NotYet,
    Expired { at: Timestamp },
    Mismatch,
    Method,
    NoSuchKey,
    Unreadable,
}

/// Answers a request below [`PREFIX`].
pub(crate) async fn answer(
    locations: &Locations,
    packages: &dyn Packages,
    head: Head<'_>,
    id: RequestId,
) -> Response<AnswerBody> {
    let now = locations.clock.now();
    let mut response = match open(locations, packages, head, now).await {
        Ok((sha256, package)) => give(sha256, package),
        Err(denied) => denied.response(head, now, id),
    };
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert("x-amz-request-id", id);
    }
    response
}

async fn open(
    locations: &Locations,
    packages: &dyn Packages,
    head: Head<'_>,
    now: Timestamp,
) -> Result<(Sha256, Package), Denied> {
    if head.method != Method::GET {
        return Err(Denied::Method);
    }
    let claim = Claim::parse(head)?.ok_or(Denied::Unsigned)?;
    if claim.access_key_id() != &*locations.access_key_id {
        return Err(Denied::UnknownKey);
    }
    if !matches!(claim.place(), Place::Query { expires_s: Some(_) }) {
        return Err(Denied::Unsigned);
    }
    claim.check_time(now, WINDOW_MIN, Style::S3)?;
    claim.check_scope("s3")?;
    let key = SigningKey::derive(&locations.secret, claim.date(), claim.region(), claim.service());
    claim.verify(head, None, &key, Style::S3)?;
    let sha256 = version_of(head).ok_or(Denied::NoSuchKey)?;
    match packages.open(sha256).await {
        Ok(Some(package)) => Ok((sha256, package)),
        Ok(None) => Err(Denied::NoSuchKey),
        Err(error) => {
            tracing::error!(code.sha256 = %sha256, error = %error, "cannot read a package");
            Err(Denied::Unreadable)
        }
    }
}

fn version_of(head: Head<'_>) -> Option<Sha256> {
    let mut pairs = form_urlencoded::parse(head.uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == "versionId").and_then(|(_, digest)| digest.parse().ok())
}

fn give(sha256: Sha256, package: Package) -> Response<AnswerBody> {
    let chunks = ReaderStream::with_capacity(package.bytes, CHUNK_BYTES).map_ok(Frame::data);
    let mut response = Response::new(streamed(StreamBody::new(chunks)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(package.size));
    if let Ok(tag) = HeaderValue::try_from(format!("\"{sha256}\"")) {
        headers.insert(ETAG, tag);
    }
    response
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Incomplete(text) | Refused::Scope(text) => Self::Incomplete(text),
            Refused::Expired { earliest, .. } => Self::Expired { at: earliest.timestamp() },
            Refused::PresignedExpired { at } => Self::Expired { at: at.timestamp() },
            Refused::NotYet { .. } => Self::NotYet,
            Refused::Mismatch | Refused::Body => Self::Mismatch,
        }
    }
}

impl Denied {
    fn response(&self, head: Head<'_>, now: Timestamp, id: RequestId) -> Response<AnswerBody> {
        let (status, code, message) = match self {
            Self::Unsigned => (StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"),
            Self::Incomplete(text) => (StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError", text.as_str()),
            Self::UnknownKey => (
                StatusCode::FORBIDDEN,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::NotYet => (StatusCode::FORBIDDEN, "AccessDenied", "Request is not valid yet"),
            Self::Expired { .. } => (StatusCode::FORBIDDEN, "AccessDenied", "Request has expired"),
            Self::Mismatch => (
                StatusCode::FORBIDDEN,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. \
                 Check your key and signing method.",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            ),
            Self::NoSuchKey => (StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
            Self::Unreadable => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
        };
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message>",
            escaped(message)
        );
        match self {
            Self::Expired { at } => {
                text.push_str(&format!(
                    "<X-Amz-Expires>{EXPIRES_S}</X-Amz-Expires><Expires>{}</Expires><ServerTime>{}</ServerTime>",
                    second(*at),
                    second(now)
                ));
            }
            Self::NoSuchKey => {
                let key = head.uri.path().trim_start_matches('/');
                text.push_str(&format!("<Key>{}</Key>", escaped(key)));
            }
            _ => {}
        }
        text.push_str(&format!("<RequestId>{id}</RequestId></Error>"));
        let mut response = Response::new(whole(Bytes::from(text)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        response
    }
}

/// `2026-11-21T20:00:00Z`: S3 tells no fractions.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
