//! `GET /health`: whether the server answers, for whoever started it.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};

/// The path. No service of AWS has it.
pub(crate) const PATH: &str = "/health";

/// The answer: 200 and `{"status":"running","version":"…"}`.
pub(crate) fn answer(method: &Method, version: &str) -> Response<Bytes> {
    if method != Method::GET && method != Method::HEAD {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let body = serde_json::json!({ "status": "running", "version": version }).to_string();
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
