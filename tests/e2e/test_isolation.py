"""What a function may not do, tried from inside one; each attempt is refused and the host unharmed."""

import os
import pathlib
import socket
import subprocess
import threading

import pytest

from conftest import Account, wait_for
from server import USER, Server

PROBES = (pathlib.Path(__file__).parent / "probes.py").read_text()
ORDINARY = "nobody"


@pytest.fixture(scope="module", params=["as started", "ordinary user"])
def box(request, server):
    """A server and the probing function in it; twice where we are root, the second time as an ordinary user."""
    if request.param == "as started":
        yield _with_probes(server)
        return
    if os.getuid() != 0 or USER:
        pytest.skip("already an ordinary user")
    own = Server(user=ORDINARY)
    yield _with_probes(own)
    own.close()


def _with_probes(server):
    account = Account(server)
    name = account.function({"probes.py": PROBES}, handler="probes.handler", MemorySize=1769)

    def ask(probe, **more):
        answer = account.invoke(name, {"probe": probe, **more})
        assert "FunctionError" not in answer, answer["Payload"]
        return answer["Payload"]

    ask.account, ask.name = account, name
    return ask


def test_it_is_an_ordinary_user_without_any_right(box):
    who = box("identity")
    assert (who["uid"], who["euid"], who["gid"], who["user"]) == (993, 993, 990, "sbx_user1051")
    assert set(who["groups"]) <= {990, 65534}
    assert who["caps"] == ["0000000000000000"] * 5
    assert (who["no_new_privs"], who["seccomp"]) == ("1", "2")
    assert who["cwd"] == "/var/task" and who["hostname"] != socket.gethostname()


def test_it_sees_its_own_processes_only(box):
    seen = box("processes")
    assert 1 <= len(seen) <= 4
    assert not any("lanthorn serve" in command or "pytest" in command for command in seen.values()), seen


def test_it_inherits_no_descriptor_of_ours(box):
    for target in box("descriptors").values():
        assert target.startswith(("pipe:", "socket:", "/dev/null", "anon_inode:", "/proc/")), target


@pytest.mark.parametrize("path", ["/etc/shadow", "/root/.bashrc", "/home", "/proc/kcore", "/proc/sysrq-trigger", "/dev/mem", "/dev/sda",
                                  "/dev/vda", "/var/lib/dpkg/status", "/proc/kmsg", "/sys/kernel/security"])
def test_it_cannot_read_the_host(box, path):
    assert box("read", path=path) in ("EACCES", "ENOENT", "EPERM", "EISDIR", "EIO", "EINVAL")


def test_the_data_directory_is_not_there(box):
    assert box("listdir", path=str(box.account.server.data)) in ("ENOENT", "EACCES")


@pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/x", "/usr/bin/x", "/var/task/x", "/opt/x", "/var/runtime/x", "/dev/x", "/proc/sys/kernel/hostname",
                                  "/proc/sys/vm/drop_caches", "/var/task/probes.py", "/proc/self/uid_map"])
def test_it_cannot_write_outside_tmp(box, path):
    assert box("write", path=path) in ("EROFS", "EACCES", "EPERM", "ENOENT")


def test_it_can_write_in_tmp(box):
    assert box("write", path="/tmp/x") == "ok: 1"
    assert box("write", path="/dev/null") == "ok: 1"


@pytest.mark.parametrize("name", ["mount", "ptrace", "bpf", "setns", "keyctl", "perf_event_open", "io_uring_setup", "userfaultfd", "init_module",
                                  "kexec_load", "reboot", "pivot_root", "open_by_handle_at", "process_vm_readv", "add_key", "swapon", "acct",
                                  "settimeofday", "sethostname", "chroot"])
def test_a_dangerous_call_is_refused(box, name):
    assert box("syscall", name=name) in ("EPERM", "ENOSYS", "EACCES")


@pytest.mark.parametrize("flags", [0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000])
def test_it_cannot_make_namespaces(box, flags):
    assert box("syscall", name="unshare", args=[flags]) in ("EPERM", "ENOSYS")


def test_it_cannot_become_root(box):
    assert box("syscall", name="setuid", args=[0]) in ("EPERM", "EINVAL")
    assert box("suid") == []


def test_raw_and_packet_sockets_are_refused(box):
    assert box("raw_socket") in ("EPERM", "EACCES", "EPROTONOSUPPORT")
    assert box("packet_socket") in ("EPERM", "EACCES", "EAFNOSUPPORT")


def test_the_hosts_loopback_is_not_there(box):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert box("connect", host="127.0.0.1", port=port) == "ECONNREFUSED"
    assert box("connect", host="127.0.0.1", port=box.account.server.port) in ("ECONNREFUSED",) or box.account.server.port == 4566


def test_the_hosts_unix_sockets_are_not_there(box, tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        assert box("unix", path=path) in ("ENOENT", "EACCES", "EPERM")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0lanthorn-test-abstract-%d" % os.getpid())
        listener.listen()
        assert box("unix", path="\0lanthorn-test-abstract-%d" % os.getpid()) in ("ECONNREFUSED", "EPERM", "EACCES")


def test_a_fork_bomb_is_contained(box):
    told = box("fork_bomb")
    assert told.startswith("EAGAIN after ") and int(told.split()[-1]) <= 1024
    assert box("identity")["uid"] == 993


def test_descriptors_are_limited(box):
    error, opened = box("open_many")
    assert error == "EMFILE" and opened < 1024


def test_tmp_has_its_configured_size(box):
    error, size = box("fill_tmp", mb=600)
    assert error == "ENOSPC" and 400 * 2**20 < size <= 512 * 2**20
    assert box("write", path="/tmp/x") == "ok: 1"


def test_init_cannot_be_killed_or_read(box):
    assert box("kill_init") in ("EPERM", "ok: None")
    assert box("host_memory") in ("EACCES", "EPERM", "ENOENT")
    assert box("identity")["uid"] == 993


def test_too_much_memory_never_hurts_the_host(box):
    account = box.account
    name = account.function(
        "def handler(event, context):\n    b = bytearray(300 << 20)\n    for i in range(0, len(b), 4096):\n        b[i] = 1\n    return len(b)\n", MemorySize=128
    )
    answer = account.invoke(name)
    assert answer.get("FunctionError") == "Unhandled", "300 MB fitted into 128"
    assert "signal: killed" in answer["Payload"]["errorMessage"]
    assert box("identity")["uid"] == 993


def test_two_functions_share_nothing(box):
    account = box.account
    code = """
import os
def handler(event, context):
    if event.get("write"):
        open("/tmp/mine", "w").write("secret")
    return {"tmp": os.listdir("/tmp"), "task": os.listdir("/var/task"), "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""
    one, two = account.function(code), account.function({"other.py": code}, handler="other.handler")
    first, second = account.invoke(one, {"write": True})["Payload"], account.invoke(two, {})["Payload"]
    assert "mine" in first["tmp"] and "mine" not in second["tmp"]
    assert second["task"] == ["other.py"] and first["key"] != second["key"]
