//! Long-term access keys. So far there is one: the root user's.

use lanthorn_model::credentials::{AccessKeyId, Secret};
use lanthorn_model::principal::Principal;

/// What an access key opens.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// What requests are signed with.
    pub secret: Secret,
    /// Whom the key stands for.
    pub principal: Principal,
}

/// The root user's key, made when an account is first opened.
#[derive(Clone, Debug)]
pub struct RootAccessKey {
    /// `AKIA…`, 20 characters.
    pub id: AccessKeyId,
    /// 40 characters.
    pub secret: Secret,
}
