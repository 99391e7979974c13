//! Lambda's quotas, in one place.
//!
//! Source of each, unless said otherwise: the developer guide's page of quotas.

/// A synchronous payload, each way, in bytes.
pub const SYNC_PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The answer a runtime may post, in bytes: 100 more than the request's limit
/// (recorded: `Response payload size exceeded maximum allowed payload size (6291556 bytes).`).
pub const RESPONSE_BYTES_MAX: usize = SYNC_PAYLOAD_BYTES_MAX + 100;
/// An asynchronous payload, in bytes.
pub const EVENT_PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// A zip handed over inline, in bytes.
pub const ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;
/// A whole CreateFunction request, in bytes (recorded:
/// `Request must be smaller than 70167211 bytes for the CreateFunction operation`).
pub const CREATE_REQUEST_BYTES_MAX: usize = 70_167_211;
/// Unpacked code with its layers, in bytes.
pub const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// All environment variables together, in bytes of their JSON.
pub const ENVIRONMENT_BYTES_MAX: usize = 4096;
/// The client context as sent, base64, in bytes.
pub const CLIENT_CONTEXT_BYTES_MAX: usize = 3583;
/// What `LogType=Tail` answers at most, in bytes before base64.
pub const LOG_TAIL_BYTES_MAX: usize = 4096;
/// Concurrent executions of an account in a region, unless raised.
pub const CONCURRENT_EXECUTIONS: u32 = 1000;
/// How long INIT may take on demand, in seconds.
pub const INIT_TIMEOUT_S: u64 = 10;
/// Open file descriptors in an environment (recorded).
pub const NOFILE: u64 = 1024;
/// Processes and threads in an environment.
pub const PIDS_MAX: u64 = 1024;
/// The memory size that buys one whole vCPU, in MiB.
pub const MEMORY_MIB_PER_VCPU: u32 = 1769;
