//! What init takes from itself before it starts anything: every child inherits it.

use std::fs::File;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, Scope,
};
use rustix::process::DumpableBehavior;
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::MemoryLimit;
use crate::linux::seccomp;
pub(crate) use crate::linux::seccomp::SystemCalls;
use crate::protocol::messages::{Failure, Step as _};
use crate::sys;
use crate::warden::Identity;

/// What init keeps, over its own user namespace alone: to kill and count other users' processes, and to become the
/// function's user.
const KEPT: CapabilitySet =
    CapabilitySet::KILL.union(CapabilitySet::SETUID).union(CapabilitySet::SETGID).union(CapabilitySet::SYS_PTRACE);

/// Rights are known up to this version of Landlock; an older kernel enforces the part it knows.
const LANDLOCK: ABI = ABI::V6;
/// Before this version nothing could be moved between directories, not even below `/tmp`: a function would notice.
const LANDLOCK_MIN: i32 = 2;

/// Becomes the box's own root, where it has one.
pub(super) fn take_identity(identity: Identity) -> Result<(), Failure> {
    match identity {
        Identity::Distinct => {
            let root = (nix::unistd::Uid::from_raw(0), nix::unistd::Gid::from_raw(0));
            nix::unistd::setgroups(&[]).step("drop the supplementary groups")?;
            nix::unistd::setresgid(root.1, root.1, root.1).step("take the box's group id")?;
            nix::unistd::setresuid(root.0, root.0, root.0).step("take the box's user id")
        }
        // There is one id, and init has it already.
        Identity::Shared => Ok(()),
    }
}

/// Gives up everything that is not needed to start, kill and reap processes.
pub(super) fn confine(memory: &MemoryLimit) -> Result<(), Failure> {
    // Hidden from and out of reach of the function: not traceable, its memory not readable. No core file either.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).step("hide init's memory")?;
    sys::new_session_keyring().step("create a keyring")?;
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // This kernel knows fewer.
            Err(rustix::io::Errno::INVAL) => {}
            dropped => dropped.step("drop a capability for ever")?,
        }
    }
    rustix::thread::clear_ambient_capability_set().step("drop the ambient capabilities")?;
    let sets = CapabilitySets { effective: KEPT, permitted: KEPT, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).step("drop capabilities")?;
    rustix::thread::set_no_new_privs(true).step("forbid new privileges")?;
    restrict_writes()?;
    let calls = match memory {
        MemoryLimit::Enforced => SystemCalls::All,
        MemoryLimit::Watched { .. } => SystemCalls::NoHiddenMemory,
    };
    seccomp::enforce(calls).step("filter system calls")
}

/// Writing, creating and removing: below `/tmp` alone; the devices that swallow or give bytes may be written to.
fn restrict_writes() -> Result<(), Failure> {
    if sys::landlock_abi() < LANDLOCK_MIN {
        return Ok(());
    }
    landlock_ruleset().map_err(|_| std::io::Error::from_raw_os_error(libc::EINVAL)).step("restrict writing")
}

fn landlock_ruleset() -> Result<(), Box<dyn std::error::Error>> {
    let writing: BitFlags<AccessFs> = AccessFs::from_write(LANDLOCK) & !BitFlags::from(AccessFs::IoctlDev);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writing)?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rule(PathBeneath::new(File::open("/tmp")?, writing))?;
    for device in ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"] {
        ruleset = ruleset.add_rule(PathBeneath::new(File::open(device)?, AccessFs::WriteFile))?;
    }
    ruleset.restrict_self()?;
    Ok(())
}
