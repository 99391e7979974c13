//! Requests signed elsewhere are accepted, and nothing else is.
//!
//! The vectors were signed with botocore 1.43.11 at 2026-11-21T20:00:00Z under the
//! example key of AWS's documentation.

use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use lanthorn_model::credentials::Secret;
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_795_291_200;
const HOST: &str = "127.0.0.1:4566";

fn secret() -> Secret {
    Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

#[derive(Clone)]
struct Signed {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: &'static [u8],
    style: Style,
}

impl Signed {
    fn new(method: Method, target: &str, headers: &[(&'static str, &str)], body: &'static [u8], style: Style) -> Self {
        let mut map = HeaderMap::new();
        map.insert("host", HOST.parse().unwrap());
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Self { method, uri: target.parse().unwrap(), headers: map, body, style }
    }

    fn head(&self) -> Head<'_> {
        Head { method: &self.method, uri: &self.uri, headers: &self.headers }
    }

    fn verified_at(&self, now: Timestamp) -> Result<(), Refused> {
        let claim = Claim::parse(self.head())?.expect("the request is signed");
        claim.check_time(now, 15, self.style)?;
        claim.check_scope(claim.service())?;
        let key = KeyCache::default().signing_key(&claim, &secret());
        let body = claim.signs_body(self.style).then(|| BodyDigest::of(self.body));
        claim.verify(self.head(), body.as_ref(), &key, self.style)
    }

    fn verified(&self) -> Result<(), Refused> {
        self.verified_at(now())
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    fn to(mut self, target: &str) -> Self {
        self.uri = target.parse().unwrap();
        self
    }
}

fn invoke() -> Signed {
    let target = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello%3A%24LATEST/invocations";
    let headers = [
        ("x-amz-invocation-type", "RequestResponse"),
        ("x-amz-date", "20261121T200000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/lambda/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-invocation-type, \
             Signature=a39621a7b3af17c7456705b3aafecd50505cef03053f1e2490cb0af870998f37",
        ),
    ];
    Signed::new(Method::POST, target, &headers, b"{\"a\": 1}", Style::Standard)
}

fn list() -> Signed {
    let headers = [
        ("x-note", "  two   words "),
        ("x-amz-date", "20261121T200000Z"),
        ("x-amz-security-token", "token+with/odd=chars"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=ASIDEXAMPLE/20261121/us-east-1/lambda/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-security-token;x-note, \
             Signature=8a48aa0c0e8a7ab3e987c807d99b3b43d75d556edd33cc99d33c665444c97a35",
        ),
    ];
    let target = "/2015-03-31/functions?MaxItems=2&Marker=a%2Fb%3D&FunctionVersion=ALL";
    Signed::new(Method::GET, target, &headers, b"", Style::Standard)
}

fn form() -> Signed {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-amz-date", "20261121T200000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/sts/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=9d07802f1d1e45f1404ca1d7d59b2b6abad321cc60363bbcfecb8b833e89a90f",
        ),
    ];
    Signed::new(Method::POST, "/", &headers, b"Action=GetCallerIdentity&Version=2011-06-15", Style::Standard)
}

fn put() -> Signed {
    let headers = [
        ("x-amz-date", "20261121T200000Z"),
        ("x-amz-content-sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
             Signature=d6aabc1c013eb1f1f6a1a7e4a5efa7042fc5c0087b9435bb9dde070238374a23",
        ),
    ];
    Signed::new(Method::PUT, "/bucket/a%20b//c", &headers, b"hello", Style::S3)
}

const PRESIGNED_S3: &str = "/snapshots/000000000000/hello?versionId=7&X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=ASIDEXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T200000Z\
    &X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=token%2Bwith%2Fodd%3Dchars\
    &X-Amz-Signature=389d23d4e2ef551d5b395f492eb37a6c1dcb497454f2a0d5c93d376cbe6c9a05";

const PRESIGNED_STS: &str = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=ASIDEXAMPLE%2F20261121%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T200000Z\
    &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=token%2Bwith%2Fodd%3Dchars\
    &X-Amz-Signature=72eb5b638e74dc23ce2c7535e1e42e8a8d0f2549e176af863522592f8a64166d";

fn presigned(target: &str, style: Style) -> Signed {
    Signed::new(Method::GET, target, &[], b"", style)
}

#[test]
fn what_botocore_signs_is_accepted() {
    for signed in [invoke(), list(), form(), put(), presigned(PRESIGNED_S3, Style::S3)] {
        assert_eq!(signed.verified(), Ok(()), "for {}", signed.uri);
    }
    assert_eq!(presigned(PRESIGNED_STS, Style::Standard).verified(), Ok(()));
}

#[test]
fn a_claim_tells_who_and_where() {
    let request = presigned(PRESIGNED_S3, Style::S3);
    let claim = Claim::parse(request.head()).unwrap().unwrap();
    assert_eq!(
        (claim.access_key_id(), claim.date(), claim.region(), claim.service(), claim.session_token()),
        ("ASIDEXAMPLE", "20261121", "us-east-1", "s3", Some("token+with/odd=chars")),
    );
    assert_eq!(claim.place(), Place::Query { expires_s: Some(600) });
}

#[test]
fn what_was_changed_after_signing_is_refused() {
    assert_eq!(Signed { body: b"{\"a\": 2}", ..invoke() }.verified(), Err(Refused::Mismatch));
    assert_eq!(Signed { method: Method::GET, ..invoke() }.verified(), Err(Refused::Mismatch));
    assert_eq!(invoke().with("x-amz-invocation-type", "Event").verified(), Err(Refused::Mismatch));
    assert_eq!(invoke().with("host", "127.0.0.1:4567").verified(), Err(Refused::Mismatch));
    assert_eq!(
        list().to("/2015-03-31/functions?MaxItems=3&Marker=a%2Fb%3D&FunctionVersion=ALL").verified(),
        Err(Refused::Mismatch)
    );
    assert_eq!(presigned(&PRESIGNED_S3.replace("=600", "=601"), Style::S3).verified(), Err(Refused::Mismatch));
}

#[test]
fn a_body_that_is_not_the_one_announced_is_refused() {
    assert_eq!(Signed { body: b"hullo", ..put() }.verified(), Err(Refused::Body));
}

#[test]
fn an_unsigned_payload_may_be_anything() {
    let secret = secret();
    let unsigned = put().with("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let claim = Claim::parse(unsigned.head()).unwrap().unwrap();
    let key = SigningKey::derive(&secret, claim.date(), claim.region(), claim.service());
    let request = canonical::request(unsigned.head(), Style::S3, &claim.signed_headers, UNSIGNED_PAYLOAD.as_bytes());
    let signature = hex::encode(key.sign(&verify::string_to_sign(claim.signed_at(), claim.scope(), &request)));
    let authorization = unsigned.headers["authorization"].to_str().unwrap();
    let (before, _) = authorization.split_once("Signature=").unwrap();
    let resigned = unsigned.clone().with("authorization", &format!("{before}Signature={signature}"));
    assert_eq!(Signed { body: b"anything", ..resigned }.verified(), Ok(()));
}

#[test]
fn a_chunked_payload_is_not_taken_for_a_signed_one() {
    let streamed = put().with("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    assert!(matches!(streamed.verified(), Err(Refused::Incomplete(_))));
}

#[test]
fn a_signature_is_good_for_a_while() {
    let after = |minutes: i64| Timestamp::from_second(NOW + 60 * minutes).unwrap();
    assert_eq!(invoke().verified_at(after(15)), Ok(()));
    assert_eq!(
        invoke().verified_at(after(16)).unwrap_err().to_string(),
        "Signature expired: 20261121T200000Z is now earlier than 20261121T200100Z (20261121T201600Z - 15 min.)",
    );
    assert_eq!(
        invoke().verified_at(after(-16)).unwrap_err().to_string(),
        "Signature not yet current: 20261121T200000Z is still later than 20261121T195900Z (20261121T194400Z + 15 min.)",
    );
}

#[test]
fn a_presigned_request_of_s3_lives_as_long_as_it_says() {
    let at =
        |second: i64| presigned(PRESIGNED_S3, Style::S3).verified_at(Timestamp::from_second(NOW + second).unwrap());
    assert_eq!(at(600), Ok(()));
    assert!(matches!(at(601), Err(Refused::PresignedExpired { .. })));
    // Elsewhere the window counts, and a short life does not shorten it.
    let sts = presigned(PRESIGNED_STS, Style::Standard);
    assert_eq!(sts.verified_at(Timestamp::from_second(NOW + 600).unwrap()), Ok(()));
    assert!(sts.verified_at(Timestamp::from_second(NOW + 901).unwrap()).is_err());
}

#[test]
fn a_scope_must_fit_the_request() {
    let claim_of = |signed: &Signed| {
        let claim = Claim::parse(signed.head()).unwrap().unwrap();
        claim.check_scope("lambda").map_err(|refused| refused.to_string())
    };
    assert_eq!(claim_of(&invoke()), Ok(()));
    assert_eq!(claim_of(&form()), Err("Credential should be scoped to correct service: 'lambda'.".to_owned()));
    assert_eq!(
        claim_of(&invoke().with("x-amz-date", "20261122T200000Z")),
        Err("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '20261121' != '20261122', from '20261122T200000Z'."
            .to_owned()),
    );
}

#[track_caller]
fn check_incomplete(request: &Signed, expected: &str) {
    let refused = Claim::parse(request.head()).expect_err("it is incomplete");
    assert_eq!(refused, Refused::Incomplete(expected.to_owned()));
}

#[test]
fn what_is_missing_is_named() {
    check_incomplete(
        &invoke().with("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE"),
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. \
         Authorization=AWS4-HMAC-SHA256",
    );
    check_incomplete(&invoke().with("authorization", "Basic dTpw"), "Unsupported AWS 'algorithm': 'Basic'.");
    check_incomplete(
        &invoke().with("authorization", "AWS4-HMAC-SHA256 Credential= AKID/x, oops"),
        "'oops' not a valid key=value pair (missing equal-sign) in Authorization header: \
         'AWS4-HMAC-SHA256 Credential= AKID/x, oops'.",
    );
    check_incomplete(
        &invoke().with("x-amz-date", "yesterday"),
        "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601",
    );
    check_incomplete(
        &invoke().with("authorization", "AWS4-HMAC-SHA256 Credential=AKID/lambda, SignedHeaders=host, Signature=00"),
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKID/lambda'",
    );
    check_incomplete(
        &presigned("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261121T200000Z", Style::Standard),
        "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', \
         'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.",
    );
}

#[test]
fn a_request_without_a_signature_makes_no_claim() {
    assert!(Claim::parse(presigned("/?Action=GetCallerIdentity", Style::Standard).head()).unwrap().is_none());
}

#[test]
fn the_host_must_be_signed() {
    let unhosted = invoke().with(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/lambda/aws4_request,SignedHeaders=x-amz-date,Signature=00",
    );
    assert!(matches!(unhosted.verified(), Err(Refused::Incomplete(text)) if text.starts_with("'Host'")));
}

#[test]
fn http2_says_its_host_in_the_target() {
    let mut invoke = invoke();
    invoke.headers.remove("host");
    let target = format!("http://{HOST}{}", invoke.uri);
    assert_eq!(invoke.to(&target).verified(), Ok(()));
}

#[test]
fn a_key_whose_secret_changed_is_derived_anew() {
    let mut cache = KeyCache::default();
    let request = invoke();
    let claim = Claim::parse(request.head()).unwrap().unwrap();
    let body = BodyDigest::of(request.body);
    let mut verified = |secret: &Secret| {
        let key = cache.signing_key(&claim, secret);
        claim.verify(request.head(), Some(&body), &key, Style::Standard)
    };
    assert_eq!(verified(&Secret::new("another")), Err(Refused::Mismatch));
    assert_eq!(verified(&secret()), Ok(()));
    assert_eq!(verified(&Secret::new("another")), Err(Refused::Mismatch));
}

#[test]
fn a_presigned_target_is_the_one_botocore_makes() {
    let target = Presign {
        host: HOST,
        target: "/snapshots/000000000000/hello?versionId=7",
        access_key_id: "ASIDEXAMPLE",
        secret: &secret(),
        session_token: Some("token+with/odd=chars"),
        region: "us-east-1",
        service: "s3",
        style: Style::S3,
        at: now(),
        expires_s: 600,
    };
    assert_eq!(target.target().unwrap(), PRESIGNED_S3);
}

proptest! {
    #[test]
    fn no_header_makes_the_parser_panic(text in "(AWS4-HMAC-SHA256 )?[ -~]{0,80}", date in "[ -~]{0,20}") {
        let request = invoke().with("authorization", &text).with("x-amz-date", &date);
        if let Ok(Some(claim)) = Claim::parse(request.head()) {
            let _ = request.verified();
            let _ = (claim.access_key_id(), claim.date(), claim.region(), claim.service());
        }
    }

    #[test]
    fn no_query_makes_the_parser_panic(query in "X-Amz-Algorithm=[!-~&&[^#\"<>`{}]]{0,80}") {
        let request = presigned("/", Style::Standard);
        if let Ok(uri) = format!("/?{query}").parse::<Uri>() {
            let _ = Claim::parse(Head { uri: &uri, ..request.head() });
        }
    }

    #[test]
    fn one_changed_character_of_the_signature_is_noticed(at in 0_usize..64, put in "[0-9a-f]") {
        let request = invoke();
        let authorization = request.headers["authorization"].to_str().unwrap().to_owned();
        let start = authorization.len() - 64 + at;
        let mut changed = authorization.clone();
        changed.replace_range(start..=start, &put);
        let expected = if changed == authorization { Ok(()) } else { Err(Refused::Mismatch) };
        prop_assert_eq!(request.clone().with("authorization", &changed).verified(), expected);
    }

    #[test]
    fn whatever_is_presigned_verifies(
        path in "(/[a-zA-Z0-9._~%:$ -]{0,12}){1,4}",
        name in "[a-zA-Z+ /=&]{0,8}",
        value in "[a-zA-Z+ /=&é]{0,8}",
        s3 in any::<bool>(),
    ) {
        let style = if s3 { Style::S3 } else { Style::Standard };
        let query: String = [name, value].iter().map(|part| part.bytes().map(|b| format!("%{b:02X}")).collect::<String>()).collect::<Vec<_>>().join("=");
        let path: String = path.replace('%', "%25").replace(' ', "%20");
        let target = Presign {
            host: HOST, target: &format!("{path}?{query}"), access_key_id: "AKIDEXAMPLE", secret: &secret(),
            session_token: None, region: "eu-west-1", service: "x", style, at: now(), expires_s: 60,
        };
        let request = Signed::new(Method::GET, &target.target().unwrap(), &[], b"", style);
        prop_assert_eq!(request.verified(), Ok(()));
    }
}
