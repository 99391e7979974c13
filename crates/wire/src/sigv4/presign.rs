//! Making a presigned request: a URL that carries its own permission.

use jiff::Timestamp;
use lanthorn_model::credentials::Secret;

use super::verify::string_to_sign;
use super::{ALGORITHM, BodyDigest, Head, SigningKey, Stamp, Style, TERMINATOR, UNSIGNED_PAYLOAD, canonical};

/// A GET that anyone who holds its URL may make, for a while.
#[derive(Clone, Copy, Debug)]
pub struct Presign<'a> {
    /// The host and port that the URL will name.
    pub host: &'a str,
    /// Path and, after a question mark, parameters; already encoded.
    pub target: &'a str,
    /// Whose signature.
    pub access_key_id: &'a str,
    /// With which secret.
    pub secret: &'a Secret,
    /// For temporary credentials.
    pub session_token: Option<&'a str>,
    /// The scope's region.
    pub region: &'a str,
    /// The scope's service.
    pub service: &'a str,
    /// Which dialect.
    pub style: Style,
    /// From when on.
    pub at: Timestamp,
    /// For how long, in seconds; at most a week.
    pub expires_s: u32,
}

impl Presign<'_> {
    /// The target with the signature: path and query, to be put after `http://HOST`.
    ///
    /// # Errors
    /// If `host` or `target` is not one.
    pub fn target(&self) -> Result<String, http::Error> {
        let stamp = Stamp::of(self.at);
        let date = stamp.to_string();
        let scope = format!("{}/{}/{}/{TERMINATOR}", &date[..8], self.region, self.service);
        let credential = format!("{}/{scope}", self.access_key_id);
        let mut target = self.target.to_owned();
        target.push(if self.target.contains('?') { '&' } else { '?' });
        target.push_str("X-Amz-Algorithm=");
        target.push_str(ALGORITHM);
        let expires = self.expires_s.to_string();
        let parts = [("Credential", &*credential), ("Date", &*date), ("Expires", &*expires), ("SignedHeaders", "host")];
        for (name, value) in parts.into_iter().chain(self.session_token.map(|token| ("Security-Token", token))) {
            target.push_str("&X-Amz-");
            target.push_str(name);
            target.push('=');
            target.push_str(&encoded(value));
        }
        let unsigned = http::Request::get(&target).header(http::header::HOST, self.host).body(())?;
        let (parts, ()) = unsigned.into_parts();
        let empty = BodyDigest::of(b"").hex();
        let payload: &[u8] = match self.style {
            Style::S3 => UNSIGNED_PAYLOAD.as_bytes(),
            Style::Standard => &empty,
        };
        let request = canonical::request(Head::from(&parts), self.style, "host", payload);
        let key = SigningKey::derive(self.secret, &date[..8], self.region, self.service);
        target.push_str("&X-Amz-Signature=");
        target.push_str(&hex::encode(key.sign(&string_to_sign(stamp, &scope, &request))));
        Ok(target)
    }
}

fn encoded(value: &str) -> String {
    let mut text = Vec::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        canonical::encode(&mut text, byte, b"");
    }
    String::from_utf8(text).expect("the encoding is ASCII")
}
