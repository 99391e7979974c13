"""Warm and cold invocations, memory and start, as ratios to floors measured in the same run.

Warm floor: a bare hyper echo server. Cold floor: a bare exec of the same program.
Absolute figures are printed for orientation only; the machine is noisy.
"""

import argparse
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from conftest import Account  # noqa: E402
from server import BINARY, Server  # noqa: E402

BENCH = ROOT / "target/release/lanthorn-bench"
RUST = ROOT / "target/functions/rust-echo/bootstrap"
PAYLOAD = b'{"name":"value","number":1}'
TARGETS = {"warm p50, 1 connection": 2.5, "start to first answer, ms": 100, "idle server, MB": 30}


def bench(*args):
    return json.loads(subprocess.run([str(BENCH), *args], capture_output=True, text=True, check=True).stdout)


def signed(account, name):
    """One invocation as it goes over the wire, signed by the account's root key."""
    url = f"{account.server.url}/2015-03-31/functions/{name}/invocations"
    request = botocore.awsrequest.AWSRequest("POST", url, data=PAYLOAD, headers={"Content-Type": "application/json"})
    credentials = botocore.credentials.Credentials(account.env["AWS_ACCESS_KEY_ID"], account.env["AWS_SECRET_ACCESS_KEY"])
    botocore.auth.SigV4Auth(credentials, "lambda", "us-east-1").add_auth(request)
    return raw(request.prepare().headers, f"127.0.0.1:{account.server.port}", f"/2015-03-31/functions/{name}/invocations")


def raw(headers, host, path):
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(PAYLOAD)}"]
    lines += [f"{key}: {value.decode() if isinstance(value, bytes) else value}" for key, value in headers.items() if key.lower() not in ("host", "content-length")]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + PAYLOAD


def load(address, request, connections, seconds):
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        return bench("load", "--address", address, "--request", file.name, "--connections", str(connections), "--seconds", str(seconds))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def verdict(what, ratio):
    limit = TARGETS.get(what)
    return "" if limit is None else ("reached" if ratio <= limit else f"NOT reached (≤ {limit})")


def strict_account():
    server = Server("--auth", "strict")
    out = subprocess.run([str(BINARY), "credentials", "--data", str(server.data)], capture_output=True, text=True, check=True).stdout
    keys = dict(re.findall(r"export (\w+)=(\S+)", out))
    return Account(server, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])


def programs(server):
    """Each language: how a function of it is made, and the bare exec of its interpreter."""
    listed = subprocess.run([str(BINARY), "runtime", "list"], capture_output=True, text=True, check=True).stdout
    found = {line.split()[0]: line.split()[-1] for line in listed.splitlines() if line.strip()}
    python = max((name for name in found if name.startswith("python")), key=lambda name: int(name.split(".")[1]), default=None)
    node = "nodejs20.x" if "nodejs20.x" in found else next((name for name in found if name.startswith("nodejs")), None)
    if python:
        yield python, dict(runtime=python, code="def handler(event, context):\n    return event\n"), [found[python], "-c", "pass"]
    if node:
        yield node, dict(runtime=node, code="export const handler = async (event) => event;\n"), [found[node], "-e", "0"]
    if RUST.exists():
        files = {"bootstrap": (RUST.read_bytes(), 0o755)}
        yield "provided (Rust)", dict(runtime="provided.al2023", code=files, handler="unused"), ["/bin/true"]


def warm(account, made, label, seconds):
    """Each connection's first calls start environments and are warm-up; a function of its own for each load, so that no
    environment of another load is lent."""
    for connections in (1, 8, 32):
        name = account.function(**made, MemorySize=1769)
        request = signed(account, name)
        port = free_port()
        echo = subprocess.Popen([str(BENCH), "echo", "--listen", f"127.0.0.1:{port}"])
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.01)
            floor = load(f"127.0.0.1:{port}", raw({}, "127.0.0.1", "/"), connections, seconds)
        finally:
            echo.kill()
            echo.wait()
        ours = load(f"127.0.0.1:{account.server.port}", request, connections, seconds)
        ratio = ours["p50_us"] / floor["p50_us"]
        what = f"warm p50, {connections} connection" + ("s" if connections > 1 else "")
        row(label, what, f"{ours['p50_us']:.0f} µs (p99 {ours['p99_us']:.0f})", f"{floor['p50_us']:.0f} µs", f"{ratio:.2f}×", verdict(what, ratio))
        account.lambda_.delete_function(FunctionName=name)
        share = ours["per_second"] / floor["per_second"]
        row(label, f"warm calls/s, {connections}", f"{ours['per_second']:.0f}", f"{floor['per_second']:.0f}", f"{share:.2f}×", "")


def cold(account, made, label, command, runs):
    floor = bench("exec", "--runs", str(runs), "--", *command)
    samples, inits = [], []
    for _ in range(runs):
        name = account.function(**made, MemorySize=1769)
        client = account.lambda_
        begun = time.perf_counter()
        client.invoke(FunctionName=name, Payload=PAYLOAD)["Payload"].read()
        samples.append((time.perf_counter() - begun) * 1e6)
        report = account.log_lines(name, until="REPORT")
        inits.append(float(re.search(r"Init Duration: ([0-9.]+)", "".join(report))[1]) * 1e3)
        account.lambda_.delete_function(FunctionName=name)
    ours, init = statistics.median(samples), statistics.median(inits)
    row(label, "cold call, boto3 to answer", f"{ours / 1e3:.1f} ms", f"{floor['p50_us'] / 1e3:.1f} ms (exec)", f"{ours / floor['p50_us']:.2f}×", "")
    row(label, "cold INIT as reported", f"{init / 1e3:.1f} ms", f"{floor['p50_us'] / 1e3:.1f} ms (exec)", f"{init / floor['p50_us']:.2f}×", "")


def start():
    """From exec of the binary to the first answer of /health, and the idle server's memory."""
    samples = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as data:
            port = free_port()
            begun = time.perf_counter()
            process = subprocess.Popen([str(BINARY), "serve", "--data", data, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for_health(port)
                samples.append((time.perf_counter() - begun) * 1e3)
                while any(name != "lanthorn" for name in children(process.pid).values()):
                    time.sleep(0.05)  # the interpreters of the host are being tried out
                resident = memory(process.pid)
            finally:
                process.terminate()
                process.wait()
    ours = statistics.median(samples)
    row("server", "start to first answer, ms", f"{ours:.0f}", "", "", verdict("start to first answer, ms", ours))
    row("server", "idle server, MB", f"{resident:.1f}", "", "", verdict("idle server, MB", resident))


def wait_for_health(port):
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.001)


def children(pid):
    listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return {int(line.split()[0]): line.split()[1] for line in listed.splitlines()}


def memory(pid):
    """Proportional memory of the server and the warden, in MB."""
    total = 0
    for process in [pid, *children(pid)]:
        rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--cold-runs", type=int, default=10)
    args = parser.parse_args()
    row("what", "figure", "ours", "floor", "ratio", "to reach")
    row(*["---"] * 6)
    start()
    account = strict_account()
    try:
        for label, made, command in programs(account.server):
            warm(account, made, label, args.seconds)
            cold(account, made, label, command, args.cold_runs)
    finally:
        account.server.close()


if __name__ == "__main__":
    main()
