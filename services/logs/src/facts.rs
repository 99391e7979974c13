//! Facts that several operations can run into.

/// There is no such group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such log group")]
pub struct GroupNotFound;

/// The group has no such stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such log stream")]
pub struct StreamNotFound;

/// The token was not given by the operation it was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not one of ours")]
pub struct InvalidToken;
