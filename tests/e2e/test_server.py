"""The server as a process: health, restart, drain, sudden death, and what it leaves behind: nothing."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError

from conftest import Account, wait_for
from server import BINARY, Server

ECHO = "def handler(event, context):\n    return event\n"
SLOW = "import time\ndef handler(event, context):\n    print('begun', flush=True)\n    time.sleep(event['s'])\n    return 'finished'\n"


def leftovers(server, pids):
    """What the server left on the host: processes, mounts, cgroups, loop devices that bear its mark."""
    found = [f"process {pid}" for pid in pids if pathlib.Path(f"/proc/{pid}").exists() and _alive(pid)]
    data = str(server.data)
    found += [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if data in line or f"lanthorn-{server.process.pid}" in line]
    for root, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(root, name) for name in names if "lanthorn" in name and str(server.process.pid) in name]
    loops = subprocess.run(["losetup", "-a"], capture_output=True, text=True).stdout
    found += [line for line in loops.splitlines() if data in line]
    return found


def _alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_health(server):
    with urllib.request.urlopen(server.url + "/health") as answer:
        assert answer.status == 200 and answer.headers["x-amzn-RequestId"]
        assert json.load(answer)["status"] == "running"


def test_a_restart_continues_where_it_stopped(own_server):
    server = own_server()
    account = Account(server)
    name = account.function(ECHO)
    account.invoke(name, 1)
    assert account.log_lines(name, until="REPORT")
    before = account.lambda_.get_function_configuration(FunctionName=name)
    assert server.terminate() == 0
    server.restart()
    account = Account(server)
    after = account.lambda_.get_function_configuration(FunctionName=name)
    before.pop("ResponseMetadata"), after.pop("ResponseMetadata")
    assert after == before
    assert account.invoke(name, {"still": "here"})["Payload"] == {"still": "here"}
    assert any("REPORT" in line for line in account.log_lines(name))


def test_sigterm_lets_calls_finish_and_leaves_nothing(own_server):
    server = own_server()
    account = Account(server)
    name = account.function(SLOW)
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(account.invoke, name, {"s": 2}) for _ in range(3)]
        wait_for(lambda: len([l for l in account.log_lines(name) if "begun" in l]) == 3, "three calls to run")
        pids = list(server.descendants())
        assert server.terminate() == 0
        assert [call.result()["Payload"] for call in calls] == ["finished"] * 3
    assert leftovers(server, pids) == []


def test_sudden_death_leaves_nothing(own_server):
    server = own_server()
    account = Account(server)
    names = [account.function(SLOW), account.function(ECHO)]
    account.invoke(names[1], 1)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        call = threads.submit(_swallow, account.invoke, names[0], {"s": 60})
        wait_for(lambda: any("begun" in line for line in account.log_lines(names[0])), "the call to run")
        pids = list(server.descendants())
        assert pids
        server.kill()
        call.result()
    wait_for(lambda: not leftovers(server, pids), f"everything to be gone, not {leftovers(server, pids)}", 10)
    server.restart()
    account = Account(server)
    assert account.invoke(names[1], 2)["Payload"] == 2


def _swallow(call, *args):
    try:
        return call(*args)
    except Exception as error:  # noqa: BLE001 - whatever a client says when its server dies
        return error


def test_what_was_acknowledged_survives_kill_9(own_server):
    """Many times: a few writers create roles until the server is killed; every acknowledged one is there afterwards."""
    import random

    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    server = own_server()
    acknowledged = []
    for round_number in range(6):
        account = Account(server)
        stop = threading.Event()

        def write(worker):
            iam = account.client("iam")
            while not stop.is_set():
                name = f"r{round_number}-{worker}-{len(acknowledged)}-{time.monotonic_ns()}"
                try:
                    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
                        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
                except Exception:  # noqa: BLE001 - killed under its hands
                    return
                acknowledged.append(name)

        workers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        [w.start() for w in workers]
        target = len(acknowledged) + dice.randrange(5, 60)
        wait_for(lambda: len(acknowledged) >= target, "some acknowledgements")
        server.kill()
        stop.set()
        [w.join() for w in workers]
        server.restart()
        iam = Account(server).iam
        there = {role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
        lost = set(acknowledged) - there
        assert not lost, f"seed {seed}, round {round_number}: lost {sorted(lost)[:5]}"


def test_a_second_server_on_the_same_data_is_refused(server):
    second = subprocess.run([str(BINARY), "serve", "--data", str(server.data), "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert second.returncode != 0 and str(server.data) in second.stderr + second.stdout


def test_open_mode_is_for_loopback_only(tmp_path):
    done = subprocess.run([str(BINARY), "serve", "--data", str(tmp_path), "--listen", "0.0.0.0:0", "--auth", "open"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "loopback" in done.stderr


def test_configuration_by_file_environment_and_flag(own_server, tmp_path):
    file = tmp_path / "lanthorn.toml"
    file.write_text("account = '123456789012'\nregion = 'eu-west-1'\n")
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent, tmp_path.parent.parent.parent):
        folder.chmod(folder.stat().st_mode | 0o055)  # the server may be another user
    server = own_server("--config", str(file), env={"LANTHORN_REGION": "eu-west-2"})
    who = Account(server).sts.get_caller_identity()
    assert who["Account"] == "123456789012"
    bad = tmp_path / "bad.toml"
    bad.write_text("colour = 'red'\n")
    done = subprocess.run([str(BINARY), "serve", "--config", str(bad)], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "colour" in done.stderr


def test_h2_prior_knowledge(server):
    curl = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", server.url + "/health"],
                          capture_output=True, text=True)
    if "does not support" in curl.stderr or "not supported" in curl.stderr:
        pytest.skip("this curl speaks no h2")
    assert curl.stdout == "2 200", curl.stderr
