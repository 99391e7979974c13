//! Our verifier beside another one, on random requests, sound and tampered with.
//!
//! The signer here is a third hand: it follows the guide step by step, in strings.
//! Paths and parameters keep to what the two verifiers read alike; what only ours
//! knows (paths encoded twice, `UNSIGNED-PAYLOAD`) is held to vectors of botocore,
//! beside the code.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use lanthorn_model::credentials::Secret;
use lanthorn_wire::sigv4::{BodyDigest, Claim, Head, SigningKey, Style};
use proptest::prelude::*;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS, SignatureOptions,
    service_for_signing_key_fn, sigv4_validate_request,
};
use sha2::{Digest, Sha256};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: i64 = 1_795_291_200;
const STAMP: &str = "20261121T200000Z";
const SCOPE: &str = "20261121/us-east-1/lambda/aws4_request";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    path: String,
    query: Vec<(String, String)>,
    note: String,
    body: Vec<u8>,
    authorization: String,
    seconds_late: i64,
}

/// How the oracle finds its key.
async fn signing_key(request: GetSigningKeyRequest) -> Result<GetSigningKeyResponse, BoxError> {
    let secret: KSecretKey = SECRET.parse()?;
    let key = secret.to_ksigning(request.request_date(), request.region(), request.service());
    Ok(GetSigningKeyResponse::builder().signing_key(key).build()?)
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

impl Request {
    fn sign(&mut self) {
        let mut pairs = self.query.clone();
        pairs.sort();
        let query: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let note: Vec<&str> = self.note.split_whitespace().collect();
        let canonical = format!(
            "{}\n{}\n{}\nhost:localhost\nx-amz-date:{STAMP}\nx-note:{}\n\nhost;x-amz-date;x-note\n{}",
            self.method,
            self.path,
            query.join("&"),
            note.join(" "),
            hex::encode(Sha256::digest(&self.body)),
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{STAMP}\n{SCOPE}\n{}", hex::encode(Sha256::digest(canonical)));
        let start = format!("AWS4{SECRET}").into_bytes();
        let key = SCOPE.split('/').fold(start, |key, part| hmac(&key, part));
        self.authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{SCOPE}, SignedHeaders=host;x-amz-date;x-note, Signature={}",
            hex::encode(hmac(&key, &to_sign)),
        );
    }

    fn built(&self) -> http::Request<Bytes> {
        let query: Vec<String> = self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        http::Request::builder()
            .method(self.method)
            .uri(format!("{}?{}", self.path, query.join("&")))
            .header("host", "localhost")
            .header("x-amz-date", STAMP)
            .header("x-note", &self.note)
            .header("authorization", &self.authorization)
            .body(Bytes::from(self.body.clone()))
            .expect("the request is well-formed")
    }

    fn ours(&self) -> bool {
        let (parts, body) = self.built().into_parts();
        let head = Head::from(&parts);
        let verified = || {
            let claim = Claim::parse(head).ok()??;
            let now = Timestamp::from_second(NOW + self.seconds_late).expect("in range");
            claim.check_time(now, 15, Style::Standard).ok()?;
            claim.check_scope("lambda").ok()?;
            let key = SigningKey::derive(&Secret::new(SECRET), claim.date(), claim.region(), claim.service());
            claim.verify(head, Some(&BodyDigest::of(&body)), &key, Style::Standard).ok()
        };
        verified().is_some()
    }

    fn theirs(&self) -> bool {
        let mut keys = service_for_signing_key_fn(signing_key);
        let now: DateTime<Utc> = DateTime::from_timestamp(NOW + self.seconds_late, 0).expect("in range");
        let options = SignatureOptions::default();
        let required = &NO_ADDITIONAL_SIGNED_HEADERS;
        sigv4_validate_request(self.built(), "us-east-1", "lambda", &mut keys, now, required, options)
            .now_or_never()
            .expect("nothing in it waits")
            .is_ok()
    }
}

fn request() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]);
    let path = "(/[a-zA-Z0-9._~-]{1,8}){1,4}".prop_filter("dots are normalised", |path| !path.contains("/."));
    let pair = ("[a-zA-Z0-9_-]{1,6}", "([a-zA-Z0-9._~-]|%2F|%20|%3A|%C3%A9){0,8}");
    // The oracle keeps repeated keys in the order they were sent, and sorts keys with their
    // equal-sign: `v-=` before `v=`. The guide and botocore sort by key, then value.
    let query = prop::collection::vec(pair, 0..4).prop_filter("keys are read alike", |pairs| {
        let alike = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
        pairs.iter().enumerate().all(|(at, (key, _))| pairs[..at].iter().all(|(other, _)| !alike(key, other)))
    });
    let note = "[ a-z0-9,;=]{0,20}";
    let body = prop::collection::vec(any::<u8>(), 0..64);
    (method, path, query, note, body, -1800_i64..1800).prop_map(|(method, path, query, note, body, seconds_late)| {
        let mut request = Request { method, path, query, note, body, authorization: String::new(), seconds_late };
        request.sign();
        request
    })
}

/// A way to tamper with a signed request.
fn tamper(request: &mut Request, how: u8) {
    match how {
        0 => request.method = "PATCH",
        1 => request.path.push('x'),
        2 => request.query.push(("added".to_owned(), String::new())),
        3 => request.note.push('x'),
        4 => request.body.push(0),
        5 => request.authorization = request.authorization.replace("/lambda/", "/iam/"),
        6 => request.authorization = request.authorization.replace("Signature=", "Signature=0"),
        7 => request.authorization = request.authorization.replace("host;", ""),
        8 => request.authorization = request.authorization.replace("AKIDEXAMPLE/", "AKIDEXAMPLE/x/"),
        9 => request.authorization = request.authorization.replace("20261121/", "20261122/"),
        // Blanks around the commas do not matter.
        10 => request.authorization = request.authorization.replace(", ", " ,  "),
        11 => request.query.reverse(),
        _ => {}
    }
}

proptest! {
    #[test]
    fn both_verifiers_agree(mut request in request(), how in 0_u8..16) {
        tamper(&mut request, how);
        prop_assert_eq!(request.ours(), request.theirs());
        if how >= 10 {
            prop_assert_eq!(request.ours(), request.seconds_late.abs() <= 15 * 60);
        } else {
            prop_assert!(!request.ours());
        }
    }
}
