//! Whether a claim is true.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::body::hex_of;
use super::{
    ALGORITHM, BodyDigest, Claim, Head, Payload, Place, Refused, SigningKey, Stamp, Style, TERMINATOR,
    UNSIGNED_PAYLOAD, canonical,
};

impl Claim<'_> {
    /// Whether the time of signing is near enough to `now`.
    ///
    /// `window_min` is how far apart the two may be, in minutes: 15 for STS, IAM and
    /// S3, 5 elsewhere (both seen in AWS's texts). A presigned request of S3 lives
    /// exactly its `X-Amz-Expires`; elsewhere that can prolong the window but not
    /// shorten it, as STS does for the tokens that clusters authenticate with.
    ///
    /// # Errors
    /// [`Refused::Expired`], [`Refused::NotYet`], [`Refused::PresignedExpired`].
    pub fn check_time(&self, now: Timestamp, window_min: i64, style: Style) -> Result<(), Refused> {
        let (signed, now) = (self.signed_at(), Stamp::of(now));
        let latest = now.plus_minutes(window_min);
        if signed > latest {
            return Err(Refused::NotYet { signed, latest, now, window_min });
        }
        let stated_s = match self.place() {
            Place::Query { expires_s } => expires_s.map(i64::from),
            Place::Header => None,
        };
        if let (Style::S3, Some(expires_s)) = (style, stated_s) {
            let end = signed.timestamp().as_second().saturating_add(expires_s);
            let at = Stamp::of(Timestamp::from_second(end).unwrap_or(Timestamp::MAX));
            return if now > at { Err(Refused::PresignedExpired { at }) } else { Ok(()) };
        }
        let window_min = window_min.max(stated_s.unwrap_or(0).div_euclid(60));
        let earliest = now.plus_minutes(-window_min);
        if signed < earliest {
            return Err(Refused::Expired { signed, earliest, now, window_min });
        }
        Ok(())
    }

    /// Whether the credential scope fits the request: the date is that of the
    /// signature, the service is `service`, the end is `aws4_request`. Any region will do.
    ///
    /// # Errors
    /// [`Refused::Scope`], with all that is wrong.
    pub fn check_scope(&self, service: &str) -> Result<(), Refused> {
        let stamp = self.signed_at().ascii();
        let date = &stamp[..8];
        if self.service() == service && self.terminator() == TERMINATOR && self.date().as_bytes() == date {
            return Ok(());
        }
        let mut wrong = Vec::new();
        if self.service() != service {
            wrong.push(format!("Credential should be scoped to correct service: '{service}'."));
        }
        if self.terminator() != TERMINATOR {
            wrong.push(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                self.terminator()
            ));
        }
        if self.date().as_bytes() != date {
            let stamp = self.signed_at().to_string();
            wrong.push(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{}' != '{}', from '{stamp}'.",
                self.date(),
                &stamp[..8]
            ));
        }
        Err(Refused::Scope(wrong.join(" ")))
    }

    /// Whether the body's hash is part of the signature, so that [`Claim::verify`] needs it.
    #[must_use]
    pub fn signs_body(&self, style: Style) -> bool {
        match self.payload() {
            Payload::Hash(_) => true,
            Payload::Unsaid => style == Style::Standard || self.place() == Place::Header,
            Payload::Unsigned | Payload::Other(_) => false,
        }
    }

    /// Whether `key` signed exactly this request with this body.
    ///
    /// `body` may be none where [`Claim::signs_body`] says so.
    ///
    /// # Errors
    /// [`Refused::Incomplete`] if the host was not signed or the body is told in a way
    /// we do not take; [`Refused::Body`], [`Refused::Mismatch`].
    pub fn verify(
        &self,
        head: Head<'_>,
        body: Option<&BodyDigest>,
        key: &SigningKey,
        style: Style,
    ) -> Result<(), Refused> {
        if !self.signed_headers.split(';').any(|name| name == "host") {
            return Err(Refused::Incomplete(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        let computed = body.map(BodyDigest::hex);
        let payload: &[u8] = match self.payload() {
            Payload::Unsigned => UNSIGNED_PAYLOAD.as_bytes(),
            Payload::Unsaid if !self.signs_body(style) => UNSIGNED_PAYLOAD.as_bytes(),
            Payload::Unsaid => computed.as_ref().ok_or(Refused::Mismatch)?,
            Payload::Hash(stated) => stated.as_bytes(),
            Payload::Other(_) => {
                return Err(Refused::Incomplete(
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.".to_owned(),
                ));
            }
        };
        let request = canonical::request(head, style, &self.signed_headers, payload);
        let expected = key.sign(&string_to_sign(self.signed_at(), self.scope(), &request));
        let mut given = [0; 32];
        if hex::decode_to_slice(self.signature.as_ref(), &mut given).is_err() || !bool::from(given.ct_eq(&expected)) {
            return Err(Refused::Mismatch);
        }
        // Only now: a body that differs says nothing of the key before the signature holds.
        match (self.payload(), body) {
            (Payload::Hash(stated), Some(body)) if !body.is_spelled(stated) => Err(Refused::Body),
            (Payload::Hash(_), None) => Err(Refused::Body),
            _ => Ok(()),
        }
    }
}

/// Algorithm, time, scope and the hash of the canonical request, a line each.
pub(super) fn string_to_sign(at: Stamp, scope: &str, canonical_request: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(ALGORITHM.len() + 1 + 16 + 1 + scope.len() + 1 + 64);
    text.extend_from_slice(ALGORITHM.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(&at.ascii());
    text.push(b'\n');
    text.extend_from_slice(scope.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(&hex_of(&Sha256::digest(canonical_request).into()));
    text
}
