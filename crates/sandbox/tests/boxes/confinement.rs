//! What a function sees, and what it is refused.

use std::net::TcpListener;

use lanthorn_sandbox::{Exit, Mount, Spec};
use libtest_mimic::Failed;

use crate::Test;
use crate::support::{Bench, PRIVILEGED, PYTHON, expect, process, read_all, spec, wait};

pub(crate) const TESTS: &[Test] = &[
    ("the_user_is_sbx_user1051", the_user_is_sbx_user1051),
    ("no_capability_is_left", no_capability_is_left),
    ("the_limits_are_those_of_aws", the_limits_are_those_of_aws),
    ("the_hosts_secrets_are_not_there", the_hosts_secrets_are_not_there),
    ("nothing_but_tmp_can_be_written", nothing_but_tmp_can_be_written),
    ("what_is_shown_is_read_only", what_is_shown_is_read_only),
    ("no_process_of_the_host_is_seen", no_process_of_the_host_is_seen),
    ("init_is_out_of_reach", init_is_out_of_reach),
    ("the_hosts_loopback_is_unreachable", the_hosts_loopback_is_unreachable),
    ("the_listeners_answer_inside", the_listeners_answer_inside),
    ("dangerous_system_calls_are_refused", dangerous_system_calls_are_refused),
    ("sockets_are_internet_and_unix_only", sockets_are_internet_and_unix_only),
    ("no_namespace_can_be_made", no_namespace_can_be_made),
    ("no_descriptor_leaks_into_a_process", no_descriptor_leaks_into_a_process),
    ("inherited_descriptors_have_their_numbers", inherited_descriptors_have_their_numbers),
    ("standard_output_can_be_opened_anew", standard_output_can_be_opened_anew),
    ("boxes_do_not_see_each_other", boxes_do_not_see_each_other),
    ("ordinary_programs_work", ordinary_programs_work),
];

/// Runs a Python program that must succeed, and compares what it prints.
fn check(bench: &Bench, program: &str, expected: &str) -> Result<(), Failed> {
    let (exit, output) = bench.python(program);
    expect(&output, exit, Exit::Exited(0))?;
    expect(program, output.trim(), expected)
}

/// Tries each expression, and expects each to be refused with one of these errors.
fn refused(bench: &Bench, setup: &str, attempts: &[(&str, &str)]) -> Result<(), Failed> {
    let mut program = format!("import os, errno\n{setup}\n");
    for (attempt, _) in attempts {
        program.push_str(&format!(
            "try:\n    {attempt}\n    print('done')\nexcept OSError as e:\n    print(errno.errorcode[e.errno])\n"
        ));
    }
    let (exit, output) = bench.python(&program);
    expect(&output, exit, Exit::Exited(0))?;
    let answers: Vec<&str> = output.lines().collect();
    expect(&output, answers.len(), attempts.len())?;
    for ((attempt, allowed), answer) in attempts.iter().zip(answers) {
        if !allowed.split(' ').any(|error| error == answer) {
            return Err(format!("{attempt}: {answer} instead of {allowed}").into());
        }
    }
    Ok(())
}

fn the_user_is_sbx_user1051(bench: &Bench) -> Result<(), Failed> {
    let program =
        "import os, pwd; print(os.getresuid(), os.getresgid(), pwd.getpwuid(os.getuid()).pw_name, os.getcwd())";
    check(bench, program, "(993, 993, 993) (990, 990, 990) sbx_user1051 /var/task")?;
    if *PRIVILEGED {
        check(bench, "import os; print(os.getgroups())", "[]")?;
    }
    Ok(())
}

fn no_capability_is_left(bench: &Bench) -> Result<(), Failed> {
    let program = "for line in open('/proc/self/status'):\n  if line[:3] == 'Cap' or line[:5] in ('NoNew', 'Secco'): print(line.split()[0], line.split()[1], end=' ')";
    let none = "0000000000000000";
    let expected = format!(
        "CapInh: {none} CapPrm: {none} CapEff: {none} CapBnd: {none} CapAmb: {none} NoNewPrivs: 1 Seccomp: 2 Seccomp_filters: 1"
    );
    check(bench, program, &expected)
}

fn the_limits_are_those_of_aws(bench: &Bench) -> Result<(), Failed> {
    let program = "import resource as r\nfor l in (r.RLIMIT_NOFILE, r.RLIMIT_NPROC, r.RLIMIT_MEMLOCK): print(r.getrlimit(l), end=' ')\nprint(r.getrlimit(r.RLIMIT_STACK)[0])";
    check(bench, program, "(1024, 1024) (742, 742) (65536, 65536) 8388608")
}

fn the_hosts_secrets_are_not_there(bench: &Bench) -> Result<(), Failed> {
    refused(
        bench,
        "",
        &[
            ("open('/etc/shadow')", "ENOENT EACCES"),
            ("open('/root/.ssh/id_rsa')", "ENOENT EACCES"),
            ("os.listdir('/home')", "ENOENT EACCES"),
            ("os.listdir('/sys')", "ENOENT"),
            ("open('/dev/mem')", "ENOENT"),
            ("open('/dev/sda')", "ENOENT"),
            ("open('/dev/loop0')", "ENOENT"),
            ("os.listdir('/work')", "ENOENT"),
        ],
    )?;
    // What is masked reads as if it were empty.
    let masked = "print([len(open('/proc/' + n).read()) for n in ('keys', 'kallsyms', 'cmdline', 'modules') if __import__('os').path.exists('/proc/' + n)])";
    let (exit, output) = bench.python(masked);
    expect(&output, exit, Exit::Exited(0))?;
    expect("bytes in masked files", output.chars().any(|c| ('1'..='9').contains(&c)), false)
}

fn nothing_but_tmp_can_be_written(bench: &Bench) -> Result<(), Failed> {
    refused(
        bench,
        "def w(p): open(p, 'w').write('x')",
        &[
            ("w('/x')", "EROFS EACCES"),
            ("w('/var/task/x')", "EROFS EACCES"),
            ("w('/var/x')", "EROFS EACCES"),
            ("w('/opt/x')", "EROFS EACCES"),
            ("w('/etc/passwd')", "EROFS EACCES"),
            ("w('/usr/bin/x')", "EROFS EACCES"),
            ("w('/dev/x')", "EROFS EACCES"),
            ("w('/proc/sys/kernel/hostname')", "EROFS EACCES"),
            ("w('/proc/self/oom_score_adj')", "EROFS EACCES"),
            ("w('/proc/self/uid_map')", "EROFS EACCES"),
            ("os.mkdir('/x')", "EROFS EACCES"),
            ("os.unlink('/etc/passwd')", "EROFS EACCES"),
            ("os.chmod('/', 0o777)", "EROFS EPERM EACCES"),
            ("os.symlink('/', '/var/x')", "EROFS EACCES"),
            ("os.mknod('/tmp/disk', 0o60666, os.makedev(7, 0))", "EPERM"),
            ("w('/tmp/x')", "done"),
            ("os.mkdir('/tmp/d')", "done"),
            ("os.rename('/tmp/x', '/tmp/d/x')", "done"),
            ("os.mkfifo('/tmp/fifo')", "done"),
            ("w('/dev/null')", "done"),
            ("open('/dev/urandom', 'rb').read(1)", "done"),
        ],
    )?;
    check(bench, "import os; s = os.stat('/tmp'); print(oct(s.st_mode), os.listdir('/tmp'))", "0o41777 []")
}

fn what_is_shown_is_read_only(bench: &Bench) -> Result<(), Failed> {
    let shown = tempfile::tempdir()?;
    let code = shown.path().join("code");
    std::fs::create_dir(&code)?;
    std::fs::write(code.join("handler"), "#!/bin/sh\necho ran by $GREETING\n")?;
    make_executable(&code.join("handler"))?;
    let mounts = vec![
        Mount { host: code.clone(), inside: "/var/task".into() },
        Mount { host: code.join("handler"), inside: "/var/runtime/deep/bootstrap".into() },
    ];
    let spec = || Spec { mounts: mounts.clone(), ..spec() };
    expect("the code runs", bench.run(spec(), &["/var/task/handler"]), (Exit::Exited(0), "ran by hello\n".to_owned()))?;
    let (exit, _) = bench.run(spec(), &["/var/runtime/deep/bootstrap"]);
    expect("a single file runs", exit, Exit::Exited(0))?;
    for attempt in [
        "echo x > /var/task/new",
        "echo x >> /var/task/handler",
        "rm -f /var/task/handler",
        "chmod 777 /var/task/handler",
    ] {
        let (exit, output) = bench.run(spec(), &["/bin/sh", "-c", attempt]);
        expect(&format!("{attempt}: {output}"), exit != Exit::Exited(0), true)?;
    }
    expect("the code is as before", std::fs::read_dir(&code)?.count(), 1)?;

    let absent = Spec { mounts: vec![Mount { host: "/does/not/exist".into(), inside: "/opt".into() }], ..spec() };
    let error =
        wait(async { lanthorn_sandbox::Launcher::create(&*bench.linux(), absent).await.err().map(|e| e.to_string()) });
    expect("a missing source is named", error.as_deref(), Some("the sandbox could not show /does/not/exist at /opt"))
}

fn make_executable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for directory in path.ancestors().skip(1).take(2) {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

fn no_process_of_the_host_is_seen(bench: &Bench) -> Result<(), Failed> {
    check(bench, "import os; print([p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()])", "[]")?;
    check(bench, "import os; print(os.getpid() < 10, os.getppid())", "True 1")
}

fn init_is_out_of_reach(bench: &Bench) -> Result<(), Failed> {
    refused(
        bench,
        "import resource, signal",
        &[
            ("open('/proc/1/environ')", "ENOENT EACCES"),
            ("open('/proc/1/mem', 'rb')", "ENOENT EACCES"),
            ("os.listdir('/proc/1/fd')", "ENOENT EACCES"),
            ("resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1))", "EPERM"),
        ],
    )?;
    // Killing it does nothing, and the box goes on.
    check(bench, "import os\ntry:\n  os.kill(1, 9)\nexcept PermissionError: pass\nprint(os.getppid())", "1")
}

fn the_hosts_loopback_is_unreachable(bench: &Bench) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let setup = format!("import socket\ndef c(a): socket.create_connection((a, {port}), 2)");
    refused(bench, &setup, &[("c('127.0.0.1')", "ECONNREFUSED"), ("c('::1')", "ECONNREFUSED")])?;
    check(bench, "import socket; print(sorted(n for _, n in socket.if_nameindex())[:1])", "['lo']")?;
    // There is no way out of it either.
    refused(bench, "import socket", &[("socket.create_connection(('192.0.2.1', 80), 2)", "ENETUNREACH")])
}

fn the_listeners_answer_inside(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let program = "import socket\nfor a in (('169.254.100.1', 9001), ('127.0.0.1', 4566)):\n  s = socket.create_connection(a, 5); print(s.recv(9).decode(), end=' ')";
        let (process, reader) = process("client", &[PYTHON, "-c", program]);
        let exited = created.sandbox.start(process).await.unwrap();
        for (listener, word) in [(created.runtime_api, "runtime"), (created.endpoint, "endpoint")] {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            stream.writable().await.unwrap();
            assert_eq!(stream.try_write(word.as_bytes()).unwrap(), word.len());
        }
        assert_eq!(exited.await.unwrap(), Exit::Exited(0));
        let output = read_all(reader);
        created.sandbox.destroy().await;
        expect("what the listeners said", output.as_str(), "runtime endpoint ")
    })
}

fn dangerous_system_calls_are_refused(bench: &Bench) -> Result<(), Failed> {
    // By number, as a program that has brought its own would call them.
    let setup = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         def s(number, *a):\n    if libc.syscall(number, *a) < 0: raise OSError(ctypes.get_errno(), '')";
    let number = |call: i64, arguments: &str| format!("s({call}, {arguments})");
    let calls = [
        (number(libc::SYS_mount, "b'x', b'/tmp', b'tmpfs', 0, 0"), "EPERM"),
        (number(libc::SYS_umount2, "b'/tmp', 2"), "EPERM"),
        (number(libc::SYS_ptrace, "0, 0, 0, 0"), "EPERM"),
        (number(libc::SYS_bpf, "0, 0, 0"), "EPERM"),
        (number(libc::SYS_unshare, "0x10000000"), "EPERM"),
        (number(libc::SYS_setns, "0, 0"), "EPERM"),
        (number(libc::SYS_keyctl, "0, -3, 0"), "EPERM"),
        (number(libc::SYS_perf_event_open, "0, 0, -1, -1, 0"), "EPERM"),
        (number(libc::SYS_userfaultfd, "0"), "EPERM"),
        (number(libc::SYS_io_uring_setup, "1, 0"), "ENOSYS"),
        (number(libc::SYS_clone3, "0, 0"), "ENOSYS"),
        (number(libc::SYS_open_by_handle_at, "0, 0, 0"), "EPERM"),
        (number(libc::SYS_process_vm_readv, "1, 0, 0, 0, 0, 0"), "EPERM"),
        (number(libc::SYS_pidfd_getfd, "0, 0, 0"), "EPERM"),
        (number(libc::SYS_chroot, "b'/tmp'"), "EPERM"),
        (number(libc::SYS_reboot, "0, 0, 0"), "EPERM"),
        (number(libc::SYS_init_module, "0, 0, 0"), "EPERM"),
        (number(libc::SYS_sethostname, "b'x', 1"), "EPERM"),
        (number(470, "0"), "ENOSYS"),
        (number(libc::SYS_getpid, ""), "done"),
    ];
    let calls: Vec<(&str, &str)> = calls.iter().map(|(call, error)| (call.as_str(), *error)).collect();
    refused(bench, setup, &calls)
}

fn sockets_are_internet_and_unix_only(bench: &Bench) -> Result<(), Failed> {
    refused(
        bench,
        "import socket as k",
        &[
            ("k.socket(k.AF_INET, k.SOCK_RAW, 1)", "EPERM"),
            ("k.socket(k.AF_INET6, k.SOCK_RAW, 58)", "EPERM"),
            ("k.socket(k.AF_PACKET, k.SOCK_RAW, 3)", "EPERM"),
            ("k.socket(k.AF_PACKET, k.SOCK_DGRAM, 3)", "EPERM"),
            ("k.socket(k.AF_ALG, k.SOCK_SEQPACKET, 0)", "EPERM"),
            ("k.socket(k.AF_VSOCK, k.SOCK_STREAM, 0)", "EPERM"),
            ("k.socket(k.AF_NETLINK, k.SOCK_RAW, 9)", "EPERM"),
            ("k.socket(k.AF_NETLINK, k.SOCK_RAW | k.SOCK_CLOEXEC, 0)", "done"),
            ("k.socket(k.AF_INET, k.SOCK_STREAM | k.SOCK_NONBLOCK)", "done"),
            ("k.socket(k.AF_INET6, k.SOCK_DGRAM)", "done"),
            ("k.socket(k.AF_UNIX, k.SOCK_SEQPACKET)", "done"),
            ("k.socketpair()", "done"),
            ("k.socket(k.AF_INET, k.SOCK_STREAM).bind(('127.0.0.1', 80))", "EACCES done"),
        ],
    )
}

fn no_namespace_can_be_made(bench: &Bench) -> Result<(), Failed> {
    let setup = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         def clone(flags):\n    r = libc.syscall(56, flags | 17, 0, 0, 0, 0)\n    if r == 0: os._exit(0)\n    if r < 0: raise OSError(ctypes.get_errno(), '')\n    os.waitpid(r, 0)";
    if cfg!(not(target_arch = "x86_64")) {
        return Ok(());
    }
    refused(
        bench,
        setup,
        &[
            ("clone(0x10000000)", "EPERM"),
            ("clone(0x00020000)", "EPERM"),
            ("clone(0x20000000)", "EPERM"),
            ("clone(0x40000000)", "EPERM"),
            ("clone(0)", "done"),
        ],
    )?;
    let (exit, output) = bench.run(spec(), &["/usr/bin/unshare", "-U", "true"]);
    expect(&output, exit, Exit::Exited(1))
}

fn no_descriptor_leaks_into_a_process(bench: &Bench) -> Result<(), Failed> {
    check(bench, "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))", "[0, 1, 2, 3]")?;
    check(bench, "import os; print(os.readlink('/proc/self/fd/0'), os.fstat(1) == os.fstat(2))", "/dev/null True")
}

fn inherited_descriptors_have_their_numbers(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let program = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))); os.write(7, b'seven'); os.write(3, b'three')";
        let (mut process, reader) = process("heir", &[PYTHON, "-c", program]);
        let (seven, seven_end) = std::io::pipe().unwrap();
        let (three, three_end) = std::io::pipe().unwrap();
        for (number, descriptor) in [(7, seven_end.into()), (3, three_end.into())] {
            process.inherited.push(lanthorn_sandbox::Inherited { number, descriptor });
        }
        let exited = created.sandbox.start(process).await.unwrap();
        assert_eq!(exited.await.unwrap(), Exit::Exited(0));
        created.sandbox.destroy().await;
        expect("descriptors", read_all(reader).trim(), "[0, 1, 2, 3, 4, 7]")?;
        expect("at seven", read_all(seven).as_str(), "seven")?;
        expect("at three", read_all(three).as_str(), "three")
    })
}

fn standard_output_can_be_opened_anew(bench: &Bench) -> Result<(), Failed> {
    let ran = bench.run(spec(), &["/bin/sh", "-c", "echo one > /dev/stdout; echo two >> /dev/stderr"]);
    expect("what was written", ran, (Exit::Exited(0), "one\ntwo\n".to_owned()))
}

fn boxes_do_not_see_each_other(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let (one, other) = (bench.create(spec()).await, bench.create(spec()).await);
        let (process, _reader) = process("one", &["/bin/sh", "-c", "echo secret > /tmp/secret; sleep 1000"]);
        let _running = one.sandbox.start(process).await.unwrap();
        let ran =
            crate::support::run_in(&*other.sandbox, &["/bin/sh", "-c", "ls /tmp; ls -d /proc/[0-9]* | wc -l"]).await;
        one.sandbox.destroy().await;
        other.sandbox.destroy().await;
        // The shell, `ls` and `wc`, at most; never the other box's.
        let count: u32 = ran.1.trim().parse().unwrap_or(u32::MAX);
        expect(&format!("{ran:?}"), count <= 4, true)
    })
}

/// The list of system calls is long enough for what functions are written in.
fn ordinary_programs_work(bench: &Bench) -> Result<(), Failed> {
    let threads = "import threading, subprocess, tempfile, sqlite3, ssl, asyncio, concurrent.futures, time\n\
        with concurrent.futures.ThreadPoolExecutor(8) as pool: assert sum(pool.map(lambda n: n, range(100))) == 4950\n\
        assert subprocess.run(['/bin/sh', '-c', 'echo $((6*7)) | cat'], capture_output=True, text=True).stdout == '42\\n'\n\
        with tempfile.TemporaryDirectory() as d:\n  c = sqlite3.connect(d + '/x'); c.execute('create table t(a)'); c.commit(); c.close()\n\
        ssl.create_default_context()\n\
        asyncio.run(asyncio.sleep(0.001))\n\
        print('fine')";
    check(bench, threads, "fine")?;
    for (program, arguments, expected) in [
        ("/usr/bin/node", vec!["-e", "setTimeout(() => console.log(require('os').hostname()), 1)"], "sandbox"),
        ("/usr/bin/perl", vec!["-e", "print \"fine\""], "fine"),
    ] {
        if std::path::Path::new(program).exists() {
            let mut argv = vec![program];
            argv.extend(arguments);
            let (exit, output) = bench.run(Spec { memory_mib: 512, ..spec() }, &argv);
            expect(&output, exit, Exit::Exited(0))?;
            expect(program, output.trim(), expected)?;
        }
    }
    Ok(())
}
