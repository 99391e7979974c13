//! The system calls a box may make: a list of what is allowed; the rest is refused.
//!
//! Refused calls answer an error rather than kill, because libraries try calls and fall back: `EPERM`, and `ENOSYS`
//! where they take only that for "not there". The kernel remembers which calls are allowed whatever their
//! arguments, so ordinary calls cost nothing.

mod allowed;
mod program;

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use self::program::{Condition, Program, Verdict};
use crate::sys;

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
    sys::filter_system_calls(program(calls))
}

/// Compiles what [`enforce`] loads, so that the boxes forked from this process need not.
pub(crate) fn compile() {
    program(SystemCalls::All);
    program(SystemCalls::NoHiddenMemory);
}

fn program(calls: SystemCalls) -> &'static Program {
    static ALL: OnceLock<Program> = OnceLock::new();
    static NO_HIDDEN_MEMORY: OnceLock<Program> = OnceLock::new();
    match calls {
        SystemCalls::All => ALL.get_or_init(|| program::compile(&verdicts(calls))),
        SystemCalls::NoHiddenMemory => NO_HIDDEN_MEMORY.get_or_init(|| program::compile(&verdicts(calls))),
    }
}

/// The verdict on every call that is not simply refused, by number.
fn verdicts(calls: SystemCalls) -> BTreeMap<u32, Verdict> {
    let allowed = allowed::ALWAYS.into_iter().map(|call| (call, Verdict::Allow));
    let absent = allowed::ABSENT.into_iter().map(|call| (call, Verdict::Absent));
    let newer = allowed::NEWER.into_iter().flatten().map(|call| (call, Verdict::Absent));
    let mut verdicts: BTreeMap<i64, Verdict> = allowed.chain(absent).chain(newer).chain(conditional()).collect();
    if calls == SystemCalls::NoHiddenMemory {
        verdicts.extend(allowed::HIDDEN_MEMORY.map(|call| (call, Verdict::Refuse)));
    }
    verdicts.into_iter().filter_map(|(call, verdict)| Some((u32::try_from(call).ok()?, verdict))).collect()
}

/// Calls that are allowed with some arguments only.
fn conditional() -> [(i64, Verdict); 5] {
    let is = |argument, value: i32| Condition { argument, mask: u32::MAX, value: value as u32 };
    // The type of a socket is in the low bits; flags are in the others.
    let kind = |argument, value: i32| Condition { argument, mask: 0xf, value: value as u32 };
    let none_of = |argument, bits: i32| Condition { argument, mask: bits as u32, value: 0 };

    let sockets = vec![
        vec![is(0, libc::AF_UNIX)],
        vec![is(0, libc::AF_INET), kind(1, libc::SOCK_STREAM)],
        vec![is(0, libc::AF_INET), kind(1, libc::SOCK_DGRAM)],
        vec![is(0, libc::AF_INET6), kind(1, libc::SOCK_STREAM)],
        vec![is(0, libc::AF_INET6), kind(1, libc::SOCK_DGRAM)],
        // Asking for one's own addresses; the namespace has none to change.
        vec![is(0, libc::AF_NETLINK), is(2, libc::NETLINK_ROUTE)],
    ];
    [
        (libc::SYS_socket, Verdict::Within(sockets)),
        (libc::SYS_socketpair, Verdict::Within(vec![vec![is(0, libc::AF_UNIX)]])),
        (libc::SYS_clone, Verdict::Within(vec![vec![none_of(0, allowed::NEW_NAMESPACES)]])),
        // One's own limits: another process's could be init's, which may have the same user.
        (libc::SYS_prlimit64, Verdict::Within(vec![vec![is(0, 0)]])),
        // The usual one, and asking which it is.
        (libc::SYS_personality, Verdict::Within(vec![vec![is(0, 0)], vec![is(0, -1)]])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_on_two_lists() {
        let always = allowed::ALWAYS.into_iter();
        let mut all: Vec<i64> = always.chain(allowed::ABSENT).chain(conditional().map(|(call, _)| call)).collect();
        all.extend(allowed::NEWER.into_iter().flatten());
        let listed = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), listed);
    }

    #[test]
    fn hidden_memory_is_refused_where_nobody_counts_it() {
        for call in allowed::HIDDEN_MEMORY {
            let number = u32::try_from(call).unwrap();
            assert_eq!(verdicts(SystemCalls::All)[&number], Verdict::Allow);
            assert_eq!(verdicts(SystemCalls::NoHiddenMemory)[&number], Verdict::Refuse);
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
        let verdicts = verdicts(SystemCalls::All);
        for call in dangerous {
            let verdict = verdicts.get(&u32::try_from(call).unwrap());
            assert!(matches!(verdict, None | Some(Verdict::Refuse)), "{call}: {verdict:?}");
        }
    }
}
