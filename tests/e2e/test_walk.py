"""The classic first Lambda, through the stock AWS CLI alone."""

import json
import re
import subprocess
import sys
import pathlib

from conftest import TRUST_LAMBDA, package, unique
from server import ROOT, BINARY

HELLO = (ROOT / "examples/hello/lambda_function.py").read_text()


def test_role_function_test_event_log(account, tmp_path):
    role, name = unique("walk-role"), unique("walk")
    zip_file = tmp_path / "hello.zip"
    zip_file.write_bytes(package({"lambda_function.py": HELLO}))
    created = json.loads(account.cli("iam", "create-role", "--role-name", role, "--assume-role-policy-document", TRUST_LAMBDA))
    assert created["Role"]["Arn"] == f"arn:aws:iam::000000000000:role/{role}"
    account.cli("iam", "attach-role-policy", "--role-name", role,
                "--policy-arn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    account.cli("lambda", "create-function", "--function-name", name, "--runtime", "python3.11", "--role", created["Role"]["Arn"],
                "--handler", "lambda_function.lambda_handler", "--zip-file", f"fileb://{zip_file}")
    account.cli("lambda", "wait", "function-active-v2", "--function-name", name)
    answer = tmp_path / "answer.json"
    told = json.loads(account.cli("lambda", "invoke", "--function-name", name, "--cli-binary-format", "raw-in-base64-out",
                                  "--payload", '{"name": "Lanthorn"}', str(answer)))
    assert told == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(answer.read_text())["message"] == "Hello, Lanthorn!"
    log = account.cli("logs", "tail", f"/aws/lambda/{name}", "--since", "5m", "--format", "short")
    assert re.search(r"START RequestId: [0-9a-f-]{36} Version: \$LATEST", log)
    assert "call 1 of this environment" in log
    assert re.search(r"REPORT RequestId: .*Init Duration: [0-9.]+ ms", log)


def test_logs_tail_follows_while_the_function_writes(account):
    name = account.function("def handler(event, context):\n    print('said', event['word'])\n")
    account.invoke(name, {"word": "first"})
    account.log_lines(name, until="said first")
    aws = pathlib.Path(sys.executable).with_name("aws")
    tail = subprocess.Popen([str(aws), "logs", "tail", f"/aws/lambda/{name}", "--follow", "--since", "5m"],
                            env=account.env, stdout=subprocess.PIPE, text=True)
    try:
        seen = []
        for line in tail.stdout:
            seen.append(line)
            if "said first" in line:
                account.invoke(name, {"word": "second"})
            if "said second" in line:
                break
        assert any("said second" in line for line in seen)
    finally:
        tail.kill()
        tail.wait()


def test_version_and_help_teach():
    run = lambda *args: subprocess.run([str(BINARY), *args], capture_output=True, text=True, check=True).stdout  # noqa: E731
    assert re.match(r"lanthorn \d+\.\d+\.\d+", run("version"))
    for word in ("serve", "doctor", "credentials", "version"):
        assert word in run("--help")
    assert "LANTHORN_LISTEN" in run("serve", "--help")


def test_doctor_says_what_is_enforced_line_by_line():
    out = subprocess.run([str(BINARY), "doctor"], capture_output=True, text=True, check=True).stdout
    for what in ("user ids", "memory limit", "seccomp", "landlock", "network", "/tmp"):
        assert any(what in line.lower() for line in out.splitlines()), f"doctor says nothing of {what}:\n{out}"
