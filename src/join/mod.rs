//! Where rooms meet that may not know each other: the traits they declare,
//! filled with the rooms that can.
//!
//! | declared by | trait | filled with |
//! | --- | --- | --- |
//! | `sts` | `Roles` | IAM |
//! | `environment` | `RoleCredentials` | STS |
//! | `environment` | `LogSink` | CloudWatch Logs |
//! | `environment` | `CodeSource` | `control`'s unpacked packages |
//! | `environment` | `ServeEndpoint` | the shard's edge |
//! | `control` | `Roles` | IAM |
//! | `control` | `RuntimeCheck` | the environment's runtimes |
//! | `edge` | `Packages` | `control`'s packages |
//! | `control` | `DataPlane` | the front end's directory |

mod control;
mod environment;
mod sts;

pub(crate) use control::{DownloadablePackages, FollowedDirectory, HostRuntimes, KnownRoles};
pub(crate) use environment::{ExecutionRoles, FunctionLogs, ShardEndpoint, UnpackedCode};
pub(crate) use sts::IamRoles;

/// Lambda's service principal.
const LAMBDA: &str = "lambda.amazonaws.com";
