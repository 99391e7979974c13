//! What a handler may know of the request beside its input.

use std::net::IpAddr;
use std::sync::Arc;

use lanthorn_model::arn::{AccountId, Region};
use lanthorn_model::invocation::RequestId;
use lanthorn_model::policy::SessionTerms;
use lanthorn_model::principal::Principal;

/// The circumstances of one API call.
#[derive(Clone, Debug)]
pub struct Context {
    /// The id answered in `x-amzn-RequestId`.
    pub request_id: RequestId,
    /// Who calls; already authenticated and authorised.
    pub principal: Principal,
    /// The terms of the caller's session, if it has one: for services that decide by policies themselves (STS).
    pub session: Option<Arc<SessionTerms>>,
    /// Where the call came from, if it came over a network.
    pub source_ip: Option<IpAddr>,
    /// The access key the call was signed with, if it was signed.
    pub access_key_id: Option<Box<str>>,
    /// The account the call concerns: the caller's.
    pub account: AccountId,
    /// The region in the signature's credential scope, else the default.
    pub region: Region,
    /// How the caller reached us, `http://HOST:PORT`, for URLs in answers.
    pub base_url: Box<str>,
    /// The tracing header as the caller sent it, `X-Amzn-Trace-Id`.
    pub trace: Option<Box<str>>,
}
