//! What it costs to verify the signature of a small Invoke: ours with the signing key
//! cached, ours deriving it, and the published verifier for comparison.
//!
//! ```text
//! cargo run --release -p lanthorn-wire --example sigv4_cost
//! ```

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::DateTime;
use futures::FutureExt as _;
use jiff::Timestamp;
use lanthorn_model::credentials::Secret;
use lanthorn_wire::sigv4::{BodyDigest, Claim, Head, KeyCache, Style};
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS, SignatureOptions,
    service_for_signing_key_fn, sigv4_validate_request,
};

/// When botocore signed the request below.
const NOW: i64 = 1_795_291_200;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const ROUNDS: u32 = 20_000;

fn main() {
    let request = http::Request::post("/2015-03-31/functions/hello/invocations")
        .header("host", "127.0.0.1:4566")
        .header("x-amz-invocation-type", "RequestResponse")
        .header("x-amz-date", "20261121T200000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/lambda/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-invocation-type, Signature=2dc496a305ba64d2659ccbab3f030881875e480ff16b26974facd601363cbd45",
        )
        .body(Bytes::from_static(b"{\"a\": 1}"))
        .expect("the request is well-formed");
    let (secret, mut cache) = (Secret::new(SECRET), KeyCache::default());
    let cached = measured(|| ours(&request, &secret, &mut cache));
    let derived = measured(|| ours(&request, &secret, &mut KeyCache::default()));
    let published = measured(|| theirs(&request));
    println!("ours, key cached   {:>8.2} µs", micros(cached));
    println!("ours, key derived  {:>8.2} µs", micros(derived));
    println!("published crate    {:>8.2} µs", micros(published));
}

fn measured(mut once: impl FnMut() -> bool) -> Duration {
    assert!(once(), "the signature must hold");
    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert!(std::hint::black_box(once()), "the signature must hold");
    }
    start.elapsed() / ROUNDS
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn ours(request: &http::Request<Bytes>, secret: &Secret, cache: &mut KeyCache) -> bool {
    let head = Head { method: request.method(), uri: request.uri(), headers: request.headers() };
    let Ok(Some(claim)) = Claim::parse(head) else { return false };
    let now = Timestamp::from_second(NOW).expect("in range");
    let body = BodyDigest::of(request.body());
    let key = cache.signing_key(&claim, secret);
    claim.check_time(now, 5, Style::Standard).is_ok()
        && claim.check_scope("lambda").is_ok()
        && claim.verify(head, Some(&body), &key, Style::Standard).is_ok()
}

fn theirs(request: &http::Request<Bytes>) -> bool {
    let mut keys = service_for_signing_key_fn(signing_key);
    let now = DateTime::from_timestamp(NOW, 0).expect("in range");
    let required = &NO_ADDITIONAL_SIGNED_HEADERS;
    let options = SignatureOptions::default();
    sigv4_validate_request(request.clone(), "us-east-1", "lambda", &mut keys, now, required, options)
        .now_or_never()
        .is_some_and(|verdict| verdict.is_ok())
}

async fn signing_key(
    request: GetSigningKeyRequest,
) -> Result<GetSigningKeyResponse, Box<dyn std::error::Error + Send + Sync>> {
    let secret: KSecretKey = SECRET.parse()?;
    let key = secret.to_ksigning(request.request_date(), request.region(), request.service());
    Ok(GetSigningKeyResponse::builder().signing_key(key).build()?)
}
