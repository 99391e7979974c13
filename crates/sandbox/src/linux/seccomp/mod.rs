//! The system calls a box may make: a list of what is allowed; the rest is refused.
//!
//! Refused calls answer an error rather than kill, because libraries try calls and fall back: `EPERM`, and `ENOSYS`
//! where they take only that for "not there". The kernel remembers which calls are allowed whatever their
//! arguments, so ordinary calls cost nothing.

mod allowed;

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Which calls a box may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SystemCalls {
    /// All of the list.
    All,
    /// Not those that make memory which no process maps: nobody would count it where no cgroup does.
    NoHiddenMemory,
}

/// Holds the calling process and its children to the list. They must be unable to gain privileges already.
pub(crate) fn enforce(calls: SystemCalls) -> io::Result<()> {
    let refused = |_| io::Error::from_raw_os_error(libc::EINVAL);
    // The last one loaded is asked first, and its answer counts among equals: the list lets through what is absent.
    for program in [program(calls)?, absent()?] {
        seccompiler::apply_filter(program).map_err(refused)?;
    }
    Ok(())
}

/// Compiles what [`enforce`] loads, so that the boxes forked from this process need not.
pub(crate) fn compile() -> io::Result<()> {
    program(SystemCalls::All)?;
    program(SystemCalls::NoHiddenMemory)?;
    absent().map(drop)
}

fn program(calls: SystemCalls) -> io::Result<&'static BpfProgram> {
    static ALL: OnceLock<BpfProgram> = OnceLock::new();
    static NO_HIDDEN_MEMORY: OnceLock<BpfProgram> = OnceLock::new();
    let (place, hidden): (_, &[i64]) = match calls {
        SystemCalls::All => (&ALL, &[]),
        SystemCalls::NoHiddenMemory => (&NO_HIDDEN_MEMORY, &allowed::HIDDEN_MEMORY),
    };
    remembered(place, || {
        let mut rules: BTreeMap<_, _> = allowed::ALWAYS.iter().map(|&call| (call, vec![])).collect();
        rules.extend(absent_calls().map(|call| (call, vec![])));
        rules.retain(|call, _| !hidden.contains(call));
        rules.extend(conditional()?);
        filter(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
    })
}

fn absent() -> io::Result<&'static BpfProgram> {
    static ABSENT: OnceLock<BpfProgram> = OnceLock::new();
    remembered(&ABSENT, || {
        let rules = absent_calls().map(|call| (call, vec![])).collect();
        filter(rules, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))
    })
}

fn absent_calls() -> impl Iterator<Item = i64> {
    allowed::ABSENT.into_iter().chain(allowed::NEWER.into_iter().flatten())
}

fn remembered(
    place: &'static OnceLock<BpfProgram>,
    compile: impl FnOnce() -> Result<BpfProgram, BackendError>,
) -> io::Result<&'static BpfProgram> {
    match place.get() {
        Some(program) => Ok(program),
        None => {
            let program = compile().map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error.to_string()))?;
            Ok(place.get_or_init(|| program))
        }
    }
}

fn filter(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, otherwise, matched, architecture)?.try_into()
}

/// Calls that are allowed with some arguments only.
fn conditional() -> Result<Vec<(i64, Vec<SeccompRule>)>, BackendError> {
    use SeccompCmpArgLen::Dword;
    use SeccompCmpOp::{Eq, MaskedEq};
    let when = |argument, operator, value: i32| {
        // Sign extension would demand bits that a 32-bit comparison does not look at.
        SeccompCondition::new(argument, Dword, operator, u64::from(value as u32))
    };
    let rule = |conditions: Vec<SeccompCondition>| SeccompRule::new(conditions);
    // The type of a socket is in the low bits; flags are in the others.
    const KIND: u64 = 0xf;

    let mut sockets = vec![rule(vec![when(0, Eq, libc::AF_UNIX)?])?];
    for family in [libc::AF_INET, libc::AF_INET6] {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM] {
            sockets.push(rule(vec![when(0, Eq, family)?, when(1, MaskedEq(KIND), kind)?])?);
        }
    }
    // Asking for one's own addresses; the namespace has none to change.
    sockets.push(rule(vec![when(0, Eq, libc::AF_NETLINK)?, when(2, Eq, libc::NETLINK_ROUTE)?])?);

    let mut personalities = Vec::new();
    for harmless in [0, -1] {
        personalities.push(rule(vec![when(0, Eq, harmless)?])?);
    }
    let no_namespace = MaskedEq(allowed::NEW_NAMESPACES as u64);
    Ok(vec![
        (libc::SYS_socket, sockets),
        (libc::SYS_socketpair, vec![rule(vec![when(0, Eq, libc::AF_UNIX)?])?]),
        (libc::SYS_clone, vec![rule(vec![when(0, no_namespace, 0)?])?]),
        // One's own limits: another process's could be init's, which may have the same user.
        (libc::SYS_prlimit64, vec![rule(vec![when(0, Eq, 0)?])?]),
        (libc::SYS_personality, personalities),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_disjoint_and_compile() {
        compile().unwrap();
        let conditional = conditional().unwrap();
        for (call, _) in &conditional {
            assert!(!allowed::ALWAYS.contains(call), "{call} is allowed both always and with conditions");
        }
        for call in absent_calls() {
            assert!(!allowed::ALWAYS.contains(&call), "{call} is both allowed and absent");
        }
        for call in allowed::HIDDEN_MEMORY {
            assert!(allowed::ALWAYS.contains(&call), "{call} is taken out of a list it is not in");
        }
    }

    #[test]
    fn what_reaches_out_of_a_box_is_on_no_list() {
        let dangerous = [
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_move_mount,
            libc::SYS_open_tree,
            libc::SYS_fsopen,
            libc::SYS_mount_setattr,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_getfd,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_kexec_load,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_delete_module,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_quotactl,
            libc::SYS_reboot,
            libc::SYS_swapon,
            libc::SYS_acct,
            libc::SYS_open_by_handle_at,
            libc::SYS_sethostname,
            libc::SYS_syslog,
            libc::SYS_fanotify_init,
        ];
        for call in dangerous {
            assert!(!allowed::ALWAYS.contains(&call), "{call} is allowed");
        }
    }
}
