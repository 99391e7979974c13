//! What a request says of its own signature: parsed, and not yet believed.

use std::borrow::Cow;

use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

use super::{ALGORITHM, Head, Refused, Stamp, UNSIGNED_PAYLOAD};

/// Who says they signed the request, when, and with what.
#[derive(Clone, Debug)]
pub struct Claim<'r> {
    /// `KEY/DATE/REGION/SERVICE/aws4_request`.
    credential: Cow<'r, str>,
    /// Where its slashes are; [`Claim::parse`] made sure that there are four.
    slashes: [usize; 4],
    pub(super) signed_headers: Cow<'r, str>,
    pub(super) signature: Cow<'r, str>,
    signed_at: Stamp,
    session_token: Option<Cow<'r, str>>,
    place: Place,
    payload: Payload<'r>,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the `Authorization` header.
    Header,
    /// In the query string: a presigned request.
    Query {
        /// `X-Amz-Expires`, in seconds.
        expires_s: Option<u32>,
    },
}

/// What the request says of its body in `x-amz-content-sha256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'r> {
    /// Nothing: the hash of the body is signed without being spelled out.
    Unsaid,
    /// `UNSIGNED-PAYLOAD`: the body is not part of what was signed.
    Unsigned,
    /// The hash, in hexadecimal.
    Hash(&'r str),
    /// Something else, as a chunked upload's `STREAMING-…`.
    Other(&'r str),
}

impl<'r> Claim<'r> {
    /// Finds the signature of a request: in `Authorization`, else in the query.
    /// None if there is neither.
    ///
    /// # Errors
    /// [`Refused::Incomplete`] if there is a signature but not a whole one.
    pub fn parse(head: Head<'r>) -> Result<Option<Self>, Refused> {
        if let Some(value) = head.headers.get(http::header::AUTHORIZATION) {
            let text = value.to_str().map_err(|_| incomplete("Authorization header is not ASCII."))?;
            return from_header(text, head.headers).map(Some);
        }
        match head.uri.query() {
            Some(query) if query.contains("X-Amz-Algorithm=") => from_query(query, head).map(Some),
            _ => Ok(None),
        }
    }

    /// The access key's id.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.credential[..self.slashes[0]]
    }

    /// The scope's date, `YYYYMMDD`.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.credential[self.slashes[0] + 1..self.slashes[1]]
    }

    /// The scope's region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.credential[self.slashes[1] + 1..self.slashes[2]]
    }

    /// The scope's service, by its signing name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.credential[self.slashes[2] + 1..self.slashes[3]]
    }

    /// The scope's last part, `aws4_request` if all is well.
    pub(super) fn terminator(&self) -> &str {
        &self.credential[self.slashes[3] + 1..]
    }

    /// `KEY/DATE/REGION/SERVICE/aws4_request`.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// The credential without the key: what the string to sign names.
    pub(super) fn scope(&self) -> &str {
        &self.credential[self.slashes[0] + 1..]
    }

    /// When it was signed.
    #[must_use]
    pub fn signed_at(&self) -> Stamp {
        self.signed_at
    }

    /// `X-Amz-Security-Token`, which temporary credentials bring along.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Where the signature stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// What is said of the body.
    #[must_use]
    pub fn payload(&self) -> Payload<'r> {
        self.payload
    }
}

impl<'r> Payload<'r> {
    fn parse(text: Option<&'r str>) -> Self {
        match text {
            None => Self::Unsaid,
            Some(UNSIGNED_PAYLOAD) => Self::Unsigned,
            Some(hash) if hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()) => Self::Hash(hash),
            Some(other) => Self::Other(other),
        }
    }
}

fn incomplete(text: impl Into<String>) -> Refused {
    Refused::Incomplete(text.into())
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; the commas may
/// stand without a blank. Source of the texts: answers of STS, seen.
fn from_header<'r>(text: &'r str, headers: &'r HeaderMap) -> Result<Claim<'r>, Refused> {
    let (algorithm, rest) = text.trim_start().split_once(' ').unwrap_or((text, ""));
    if algorithm != ALGORITHM {
        return Err(incomplete(format!("Unsupported AWS 'algorithm': '{}'.", shortened(algorithm))));
    }
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for pair in rest.split(',') {
        let pair = pair.trim();
        if pair.is_empty() {
            continue;
        }
        let Some((key, value)) = pair.split_once('=') else {
            return Err(incomplete(format!(
                "'{}' not a valid key=value pair (missing equal-sign) in Authorization header: '{}'.",
                shortened(pair),
                shortened(text)
            )));
        };
        match key.trim() {
            "Credential" => credential = Some(value.trim()),
            "SignedHeaders" => signed_headers = Some(value.trim()),
            "Signature" => signature = Some(value.trim()),
            _ => {}
        }
    }
    let (date, date_given) = header_date(headers);
    let (Some(credential), Some(signed_headers), Some(signature), true) =
        (credential, signed_headers, signature, date_given)
    else {
        let mut missing = String::new();
        for (name, absent) in [
            ("Credential", credential.is_none()),
            ("Signature", signature.is_none()),
            ("SignedHeaders", signed_headers.is_none()),
        ] {
            if absent {
                missing.push_str(&format!("Authorization header requires '{name}' parameter. "));
            }
        }
        if !date_given {
            missing.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
        }
        return Err(incomplete(format!("{missing}Authorization={ALGORITHM}")));
    };
    let Some(signed_at) = date else {
        return Err(malformed_date(header(headers, "x-amz-date").unwrap_or_default()));
    };
    Ok(Claim {
        slashes: slashes(credential)?,
        credential: credential.into(),
        signed_headers: signed_headers.into(),
        signature: signature.into(),
        signed_at,
        session_token: header(headers, "x-amz-security-token").map(Cow::Borrowed),
        place: Place::Header,
        payload: Payload::parse(header(headers, "x-amz-content-sha256")),
    })
}

/// `?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-SignedHeaders=…&X-Amz-Signature=…`.
fn from_query<'r>(query: &'r str, head: Head<'r>) -> Result<Claim<'r>, Refused> {
    let mut found: [Option<Cow<'r, str>>; 7] = Default::default();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let Some(place) = PRESIGNED.iter().position(|name| *name == key) else { continue };
        if found[place].replace(decoded(value)).is_some() {
            return Err(incomplete(format!("The query-string parameter '{key}' is given more than once.")));
        }
    }
    let [algorithm, credential, date, signed_headers, signature, expires, token] = found;
    let (Some(algorithm), Some(credential), Some(date), Some(signed_headers), Some(signature)) =
        (algorithm, credential, date, signed_headers, signature)
    else {
        return Err(incomplete(
            "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', \
             'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.",
        ));
    };
    if algorithm != ALGORITHM {
        return Err(incomplete(format!("Unsupported AWS 'algorithm': '{}'.", shortened(&algorithm))));
    }
    let expires_s = match expires {
        None => None,
        Some(text) => Some(expiry(&text)?),
    };
    Ok(Claim {
        slashes: slashes(&credential)?,
        credential,
        signed_headers,
        signature,
        signed_at: Stamp::parse(&date).ok_or_else(|| malformed_date(&date))?,
        session_token: token,
        place: Place::Query { expires_s },
        payload: Payload::parse(header(head.headers, "x-amz-content-sha256").or_else(|| stated_hash(head.uri))),
    })
}

/// The parameters of a presigned request, in the order [`from_query`] takes them apart.
const PRESIGNED: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
];

/// The longest a presigned request may live: a week, in seconds. Source: S3's API reference.
const EXPIRES_S_MAX: u32 = 604_800;

fn expiry(text: &str) -> Result<u32, Refused> {
    match text.parse::<u32>() {
        Ok(seconds) if seconds <= EXPIRES_S_MAX => Ok(seconds),
        Ok(_) => Err(incomplete(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        )),
        Err(_) => Err(incomplete("X-Amz-Expires should be a number")),
    }
}

/// Some signers move the hash of the body into the query as well.
fn stated_hash(uri: &Uri) -> Option<&str> {
    let pairs = uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == "X-Amz-Content-Sha256")
        .map(|(_, value)| value)
}

/// The four slashes that part a credential.
fn slashes(credential: &str) -> Result<[usize; 4], Refused> {
    let mut found = [0; 4];
    let mut count = 0;
    for (at, _) in credential.match_indices('/') {
        if count < 4 {
            found[count] = at;
        }
        count += 1;
    }
    if count == 4 {
        return Ok(found);
    }
    Err(incomplete(format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
        shortened(credential)
    )))
}

/// The time of signing from `X-Amz-Date`, else `Date`; and whether either was there.
fn header_date(headers: &HeaderMap) -> (Option<Stamp>, bool) {
    if let Some(text) = header(headers, "x-amz-date") {
        return (Stamp::parse(text), true);
    }
    match header(headers, "date") {
        Some(text) => (Stamp::parse_http_date(text).or_else(|| Stamp::parse(text)), true),
        None => (None, false),
    }
}

fn malformed_date(text: &str) -> Refused {
    incomplete(format!(
        "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
        shortened(text)
    ))
}

fn header<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn decoded(value: &str) -> Cow<'_, str> {
    percent_decode_str(value).decode_utf8_lossy()
}

/// What of the caller's own text is told back, so that an answer stays short.
fn shortened(text: &str) -> &str {
    const BYTES_MAX: usize = 512;
    match text.char_indices().find(|(at, _)| *at >= BYTES_MAX) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}
