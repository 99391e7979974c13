//! What a request asks for that is not built yet. It is refused, never kept and ignored.

use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{DeadLetterConfig, FileSystemConfig, ImageConfig, SnapStart, TracingConfig, VpcConfig};

use crate::fault_map::invalid;

/// Refuses the member called `name` if the request `asks` for something by it.
///
/// # Errors
/// The refusal.
pub(crate) fn refuse(name: &str, asks: bool) -> Result<(), Fault> {
    if asks { Err(invalid(format!("{name} is not supported by Lanthorn yet."))) } else { Ok(()) }
}

/// What can be said so that it asks for nothing: clients send empty members for what was never set.
pub(super) trait Asks {
    /// Whether it asks for anything.
    fn asks(&self) -> bool;
}

impl<T: Asks> Asks for Option<T> {
    fn asks(&self) -> bool {
        self.as_ref().is_some_and(Asks::asks)
    }
}

impl Asks for bool {
    fn asks(&self) -> bool {
        *self
    }
}

impl Asks for String {
    fn asks(&self) -> bool {
        !self.is_empty()
    }
}

impl Asks for Vec<String> {
    fn asks(&self) -> bool {
        !self.is_empty()
    }
}

impl Asks for Vec<FileSystemConfig> {
    fn asks(&self) -> bool {
        !self.is_empty()
    }
}

impl Asks for VpcConfig {
    fn asks(&self) -> bool {
        let Self { subnet_ids, security_group_ids, ipv6_allowed_for_dual_stack } = self;
        subnet_ids.asks() || security_group_ids.asks() || ipv6_allowed_for_dual_stack.asks()
    }
}

impl Asks for DeadLetterConfig {
    fn asks(&self) -> bool {
        self.target_arn.asks()
    }
}

impl Asks for ImageConfig {
    fn asks(&self) -> bool {
        let Self { entry_point, command, working_directory } = self;
        entry_point.asks() || command.asks() || working_directory.asks()
    }
}

impl Asks for SnapStart {
    fn asks(&self) -> bool {
        self.apply_on.as_deref().is_some_and(|apply_on| apply_on != "None")
    }
}

impl Asks for TracingConfig {
    /// `PassThrough` is what happens anyway.
    fn asks(&self) -> bool {
        self.mode.as_deref().is_some_and(|mode| mode != "PassThrough")
    }
}
