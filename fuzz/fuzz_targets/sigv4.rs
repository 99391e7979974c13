//! Signatures: any head as a claim, and presigned requests of our own.
//!
//! Of a claim every part can be asked for, and it is never true for a key that did not sign. What we presign is true
//! as it is, and no longer with another body, another parameter or another key.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;
use lanthorn_model::credentials::Secret;
use lanthorn_wire::sigv4::{BodyDigest, Claim, Head, KeyCache, Presign, Refused, SigningKey, Style};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    s3: bool,
    post: bool,
    uri: &'a str,
    authorization: Authorization<'a>,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
    presigned: &'a str,
    token: Option<&'a str>,
    seconds: u32,
}

/// What stands behind the algorithm.
#[derive(Arbitrary, Debug)]
enum Authorization<'a> {
    Any(&'a str),
    Parts { credential: [&'a str; 5], signed_headers: Vec<&'a str>, signature: [u8; 32] },
}

fuzz_target!(|input: Input<'_>| {
    let style = if input.s3 { Style::S3 } else { Style::Standard };
    claimed(&input, style);
    presigned(&input, style);
});

/// A request whose claim, if it makes one, cannot be true: nobody knows the secret.
fn claimed(input: &Input<'_>, style: Style) {
    let Ok(uri) = input.uri.parse::<Uri>() else { return };
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
    for (name, value) in &input.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value)) {
            headers.insert(name, value);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&format!("AWS4-HMAC-SHA256 {}", input.authorization.text())) {
        headers.insert(http::header::AUTHORIZATION, value);
    }
    let method = if input.post { Method::POST } else { Method::GET };
    let head = Head { method: &method, uri: &uri, headers: &headers };
    let Ok(Some(claim)) = Claim::parse(head) else { return };
    let parts = [claim.access_key_id(), claim.date(), claim.region(), claim.service()];
    assert!(claim.credential().starts_with(&format!("{}/", parts.join("/"))));
    let _ = (claim.session_token(), claim.place(), claim.payload());
    let _ = claim.check_time(moment(input.seconds), 15, style).map_err(|refused| refused.to_string());
    let _ = claim.check_scope("lambda").map_err(|refused| refused.to_string());
    let key = KeyCache::default().signing_key(&claim, &Secret::new("known to nobody"));
    let body = BodyDigest::of(input.body);
    assert!(claim.verify(head, Some(&body), &key, style).is_err());
}

impl Authorization<'_> {
    fn text(&self) -> String {
        match self {
            Self::Any(text) => (*text).to_owned(),
            Self::Parts { credential, signed_headers, signature } => {
                let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
                let (credential, signed) = (credential.join("/"), signed_headers.join(";"));
                format!("Credential={credential}, SignedHeaders=host;{signed}, Signature={signature}")
            }
        }
    }
}

fn presigned(input: &Input<'_>, style: Style) {
    // A second signature in one request is another matter.
    if !input.presigned.starts_with('/') || input.presigned.contains("X-Amz-") || input.presigned.contains('#') {
        return;
    }
    let (secret, at) = (Secret::new("a secret"), moment(input.seconds));
    let presign = Presign {
        host: "localhost:4566",
        target: input.presigned,
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret: &secret,
        session_token: input.token,
        region: "us-east-1",
        service: "lambda",
        style,
        at,
        expires_s: 900,
    };
    let Ok(target) = presign.target() else { return };
    assert_eq!(verified(&target, style, at, b"", &secret), Ok(()), "for {target}");
    let more = format!("{target}&more=1");
    assert_eq!(verified(&more, style, at, b"", &secret), Err(Refused::Mismatch), "for {more}");
    let other = Secret::new("another secret");
    assert_eq!(verified(&target, style, at, b"", &other), Err(Refused::Mismatch), "for {target}");
    if style == Style::Standard {
        assert_eq!(verified(&target, style, at, b"a body", &secret), Err(Refused::Mismatch), "for {target}");
    }
}

fn verified(target: &str, style: Style, now: Timestamp, body: &[u8], secret: &Secret) -> Result<(), Refused> {
    let request = http::Request::get(target).header("host", "localhost:4566").body(()).expect("it was made of one");
    let (parts, ()) = request.into_parts();
    let head = Head::from(&parts);
    let claim = Claim::parse(head)?.expect("it was presigned");
    claim.check_time(now, 15, style)?;
    claim.check_scope("lambda")?;
    let key = SigningKey::derive(secret, claim.date(), claim.region(), claim.service());
    claim.verify(head, Some(&BodyDigest::of(body)), &key, style)
}

/// A time in the first century and a half of Unix.
fn moment(seconds: u32) -> Timestamp {
    Timestamp::from_second(i64::from(seconds)).expect("in range")
}
