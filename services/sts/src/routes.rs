//! The service on the wire: each operation's members to and from our own words.

use std::sync::Arc;
use std::time::Duration;

use lanthorn_model::arn::RoleArn;
use lanthorn_model::credentials::{AccessKeyId, SessionCredentials};
use lanthorn_model::policy;
use lanthorn_model::principal::Principal;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::router::Router;
use lanthorn_wire::sts::{
    self, AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser, Credentials, GetAccessKeyInfoRequest,
    GetAccessKeyInfoResponse, GetCallerIdentityRequest, GetCallerIdentityResponse, GetSessionTokenRequest,
    GetSessionTokenResponse,
};

use crate::assume_role::{AssumeRole, Caller};
use crate::fault_map;
use crate::session::{Identity, Limits, SessionName};
use crate::sts::Sts;
use crate::token::TOKEN_BYTES_MAX;

/// How long a root user's session lasts at most, and if it does not say, in seconds. Source: GetSessionToken reference.
const ROOT_SESSION_S: i32 = 3_600;

impl Sts {
    /// The service's operations.
    #[must_use]
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new(&sts::SERVICE)
            .on(sts::GetCallerIdentity, |ctx, input| std::future::ready(caller_identity(&ctx, input)))
            .on(sts::GetAccessKeyInfo, |_, input| std::future::ready(access_key_info(&input)))
            .on(sts::AssumeRole, with(self, assume_role))
            .on(sts::GetSessionToken, with(self, session_token))
    }
}

/// A handler that has the service at hand; none of ours waits.
fn with<I: 'static, O: 'static>(
    service: &Arc<Sts>,
    handler: fn(&Sts, &Context, I) -> Result<O, Fault>,
) -> impl Fn(Context, I) -> std::future::Ready<Result<O, Fault>> + Send + Sync + 'static {
    let service = Arc::clone(service);
    move |ctx, input| std::future::ready(handler(&service, &ctx, input))
}

fn caller_identity(ctx: &Context, _: GetCallerIdentityRequest) -> Result<GetCallerIdentityResponse, Fault> {
    Ok(GetCallerIdentityResponse {
        user_id: Some(ctx.principal.user_id()),
        account: Some(ctx.account.to_string()),
        arn: Some(ctx.principal.arn()),
    })
}

/// The account is in the id; keys of another make say nothing, and AWS refuses them.
fn access_key_info(input: &GetAccessKeyInfoRequest) -> Result<GetAccessKeyInfoResponse, Fault> {
    let id: Option<AccessKeyId> = input.access_key_id.parse().ok();
    let account = id.and_then(|id| id.account());
    let account = account.ok_or_else(|| fault_map::invalid("AccessKeyId", &input.access_key_id))?;
    Ok(GetAccessKeyInfoResponse { account: Some(account.to_string()) })
}

fn assume_role(sts: &Sts, ctx: &Context, input: AssumeRoleRequest) -> Result<AssumeRoleResponse, Fault> {
    if input.serial_number.is_some() || input.token_code.is_some() {
        return Err(fault_map::no_such_device());
    }
    if let Some(given) = input.provided_contexts.iter().flatten().next() {
        let provider = given.provider_arn.as_deref().unwrap_or_default();
        return Err(fault_map::invalid("ProvidedContexts", provider));
    }
    let role: RoleArn = input.role_arn.parse().map_err(|_| fault_map::invalid_arn(&input.role_arn))?;
    let session_name: Result<SessionName, _> = input.role_session_name.parse();
    let asked = AssumeRole {
        role,
        session_name: session_name.map_err(|_| fault_map::invalid("RoleSessionName", &input.role_session_name))?,
        duration_s: input.duration_seconds.and_then(|seconds| seconds.try_into().ok()),
        policy: input.policy,
        policy_arns: input.policy_arns.into_iter().flatten().filter_map(|policy| policy.arn).collect(),
        tags: input.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
        transitive_tag_keys: input.transitive_tag_keys.unwrap_or_default(),
        external_id: input.external_id,
        source_identity: input.source_identity,
        token_bytes_min: bytes(input.minimum_session_token_size),
    };
    let context = policy::Context::new().at(sts.clock.now()).with("aws:RequestedRegion", ctx.region.to_string());
    let context = match ctx.source_ip {
        Some(source) => context.from_ip(source),
        None => context,
    };
    let caller = Caller { principal: &ctx.principal, terms: ctx.session.as_deref(), context: &context };
    let made = sts.assume_role(caller, asked)?;
    let (size, utilization) = token_size(&made.credentials);
    Ok(AssumeRoleResponse {
        credentials: Some(credentials(made.credentials)),
        assumed_role_user: Some(AssumedRoleUser { assumed_role_id: made.id, arn: made.arn }),
        packed_policy_size: made.packed_percent.and_then(|percent| percent.try_into().ok()),
        source_identity: made.source_identity,
        session_token_utilization: utilization,
        session_token_size: size,
    })
}

/// Only the root user has something of its own to make a session of; a session cannot.
fn session_token(sts: &Sts, ctx: &Context, input: GetSessionTokenRequest) -> Result<GetSessionTokenResponse, Fault> {
    if input.serial_number.is_some() || input.token_code.is_some() {
        return Err(fault_map::no_such_device());
    }
    let long_term = ctx.access_key_id.as_deref().is_none_or(|id| !id.starts_with("ASIA"));
    let account = match &ctx.principal {
        Principal::Root { account } if long_term => account.clone(),
        _ => return Err(fault_map::denied("Cannot call GetSessionToken with session credentials".to_owned())),
    };
    let seconds = input.duration_seconds.unwrap_or(ROOT_SESSION_S).min(ROOT_SESSION_S);
    let duration = Duration::from_secs(seconds.try_into().unwrap_or_default());
    let made = sts.make(Identity::Root(account), Limits::default(), duration, bytes(input.minimum_session_token_size));
    let made = made.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "cannot make a session");
        fault_map::failed()
    })?;
    let (size, utilization) = token_size(&made);
    Ok(GetSessionTokenResponse {
        credentials: Some(credentials(made)),
        session_token_utilization: utilization,
        session_token_size: size,
    })
}

fn bytes(size: Option<i32>) -> usize {
    size.and_then(|size| size.try_into().ok()).unwrap_or_default()
}

/// A token's size in bytes, and in percent of the largest.
fn token_size(made: &SessionCredentials) -> (Option<i32>, Option<i32>) {
    let size = made.session_token.expose().len();
    (size.try_into().ok(), (size * 100).div_ceil(TOKEN_BYTES_MAX).try_into().ok())
}

fn credentials(made: SessionCredentials) -> Credentials {
    Credentials {
        access_key_id: made.access_key_id.into(),
        secret_access_key: made.secret_access_key.expose().to_owned(),
        session_token: made.session_token.expose().to_owned(),
        expiration: made.expiration,
    }
}
