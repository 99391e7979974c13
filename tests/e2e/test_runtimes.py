"""Every runtime of First light, and the official clients as custom runtimes."""

import base64
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import need_runtime, package
from server import ROOT

ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
PYTHONS = ["python3.10", "python3.11", "python3.12", "python3.13", "python3.14"]
NODES = ["nodejs20.x", "nodejs22.x", "nodejs24.x"]
RUST = ROOT / "target/functions/rust-echo/bootstrap"


@pytest.mark.parametrize("runtime", PYTHONS)
def test_python(account, runtime):
    need_runtime(account.server, runtime)
    name = account.function("import sys, platform, json, ssl, sqlite3, ctypes\ndef handler(event, context):\n    return [platform.python_version(), event]\n", runtime=runtime)
    version, event = account.invoke(name, {"a": 1})["Payload"]
    assert version.startswith(runtime.removeprefix("python") + ".") and event == {"a": 1}


@pytest.mark.parametrize("runtime", NODES)
def test_node(account, runtime):
    need_runtime(account.server, runtime)
    name = account.function("export const handler = async (event, context) => ({version: process.version, event, id: context.awsRequestId});\n", runtime=runtime)
    answer = account.invoke(name, {"a": 1})
    assert answer["Payload"]["version"].startswith("v" + runtime.removeprefix("nodejs").split(".")[0])
    assert answer["Payload"]["event"] == {"a": 1} and answer["Payload"]["id"] == answer["ResponseMetadata"]["RequestId"]


class TestNode:
    def make(self, account, code, name="index.mjs", handler="index.handler", **settings):
        need_runtime(account.server, "nodejs20.x")
        return account.function({name: code}, runtime="nodejs20.x", handler=handler, **settings)

    def test_commonjs_with_callback(self, account):
        name = self.make(account, "exports.handler = (event, context, callback) => setTimeout(() => callback(null, event.n * 2), 5);\n", "index.js")
        assert account.invoke(name, {"n": 21})["Payload"] == 42

    def test_errors_have_type_message_and_trace(self, account):
        name = self.make(account, "export const handler = async () => { throw new TypeError('no good'); };\n")
        answer = account.invoke(name)
        assert answer["FunctionError"] == "Unhandled"
        assert list(answer["Payload"]) == ["errorType", "errorMessage", "trace"]
        assert answer["Payload"]["errorType"] == "TypeError" and answer["Payload"]["errorMessage"] == "no good"
        assert answer["Payload"]["trace"][0] == "TypeError: no good" and "file:///var/task/index.mjs:1" in answer["Payload"]["trace"][1]

    def test_console_lines_carry_time_id_and_level(self, account):
        import re

        name = self.make(account, "export const handler = async () => { console.log('hello', {a: 1}); console.error('bad'); };\n")
        request_id = account.invoke(name)["ResponseMetadata"]["RequestId"]
        lines = account.log_lines(name, until="REPORT")
        assert any(re.fullmatch(rf"\d{{4}}-\d\d-\d\dT[0-9:.]+Z\t{request_id}\tINFO\thello {{ a: 1 }}\n", line) for line in lines), lines
        assert any(re.fullmatch(rf"\S+\t{request_id}\tERROR\tbad\n", line) for line in lines), lines

    def test_an_unhandled_rejection_is_told(self, account):
        name = self.make(account, "export const handler = async () => { Promise.reject(new Error('lost')); await new Promise(r => setTimeout(r, 1000)); };\n")
        answer = account.invoke(name)
        assert answer["Payload"]["errorType"] == "Runtime.UnhandledPromiseRejection"

    def test_import_errors(self, account):
        name = self.make(account, "import x from 'nosuch';\nexport const handler = async () => x;\n")
        assert "Cannot find package 'nosuch'" in account.invoke(name)["Payload"]["errorMessage"]
        name = self.make(account, "export const other = 1;\n")
        assert account.invoke(name)["Payload"]["errorType"] == "Runtime.HandlerNotFound"

    def test_memory_above_the_limit_ends_it(self, account):
        name = self.make(account, "export const handler = async () => { const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1)); };\n", MemorySize=128)
        assert "signal: killed" in account.invoke(name)["Payload"]["errorMessage"]


def test_the_environment_is_exactly_aws(account):
    """Recorded: `test_introspect_invoke[python3.11]`, less the values that name this host."""
    name = account.function(ENVIRONMENT, Environment={"Variables": {"MINE": "yes"}})
    env = account.invoke(name)["Payload"]
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11", "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000", "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1", "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "en_US.UTF-8", "TZ": ":UTC", "_HANDLER": "handler.handler",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin", "PYTHONPATH": "/var/runtime", "SHLVL": "0", "PWD": "/var/task", "MINE": "yes",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    }
    free = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID", "LC_CTYPE"}
    assert {key: value for key, value in env.items() if key not in free} == expected
    assert free - {"LC_CTYPE", "_X_AMZN_TRACE_ID"} <= set(env)
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA")


class TestProvided:
    SHELL = """#!/bin/sh
# A custom runtime in a few lines of shell, over the Runtime API.
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    headers=$(mktemp)
    event=$(curl -sS -D "$headers" "$api/invocation/next")
    id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$headers" | tr -d '[:space:]' | cut -d: -f2)
    arn=$(grep -i '^Lambda-Runtime-Invoked-Function-Arn:' "$headers" | cut -d: -f2- | tr -d '[:space:]')
    echo "serving $id"
    curl -sS -X POST "$api/invocation/$id/response" -d "{\\"event\\": $event, \\"id\\": \\"$id\\", \\"arn\\": \\"$arn\\"}" >/dev/null
done
"""

    @pytest.mark.parametrize("runtime", ["provided.al2023", "provided.al2"])
    def test_a_shell_script(self, account, runtime):
        name = account.function({"bootstrap": (self.SHELL, 0o755)}, runtime=runtime, handler="unused", MemorySize=512)
        for n in range(2):
            answer = account.invoke(name, {"n": n})
            request_id = answer["ResponseMetadata"]["RequestId"]
            assert answer["Payload"] == {"event": {"n": n}, "id": request_id, "arn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}"}
        assert any(f"serving {request_id}" in line for line in account.log_lines(name, until=f"REPORT RequestId: {request_id}"))

    def test_a_static_binary_of_the_lambda_runtime_crate(self, account):
        if not RUST.exists():
            pytest.skip(f"{RUST} is not built: run scripts/functions")
        name = account.function({"bootstrap": (RUST.read_bytes(), 0o755)}, runtime="provided.al2023", handler="unused")
        answer = account.invoke(name, {"hello": "rust"})
        assert answer["Payload"] == {"event": {"hello": "rust"}, "request_id": answer["ResponseMetadata"]["RequestId"]}
        failed = account.invoke(name, {"fail": "on purpose"})
        assert failed["FunctionError"] == "Unhandled" and failed["Payload"]["errorMessage"] == "on purpose"
        assert account.invoke(name, {"again": 1})["Payload"]["event"] == {"again": 1}

    def test_the_official_python_client(self, account, tmp_path):
        """`awslambdaric` brought along by the function, run by the host's python3.11 as a custom runtime."""
        site = next(pathlib.Path(sys.prefix).glob("lib/python3.*/site-packages"))
        files = {}
        for package_name in ("awslambdaric", "snapshot_restore_py", "simplejson"):
            for path in (site / package_name).rglob("*"):
                if path.is_file() and "__pycache__" not in path.parts:
                    files[str(path.relative_to(site))] = path.read_bytes()
        for native in site.glob("runtime_client*.so"):
            files[native.name] = native.read_bytes()
        python = f"python3.{sys.version_info[1]}"
        if not shutil.which(f"/usr/bin/{python}"):
            pytest.skip(f"the sandbox shows no /usr/bin/{python}, which the client's native part was built for")
        files["bootstrap"] = (f"#!/bin/sh\nexec /usr/bin/{python} -m awslambdaric app.handler\n", 0o755)
        files["app.py"] = "def handler(event, context):\n    if event.get('fail'):\n        raise KeyError('k')\n    return [event, context.aws_request_id]\n"
        name = account.function(files, runtime="provided.al2023", handler="app.handler", MemorySize=256)
        answer = account.invoke(name, {"a": 1})
        assert answer["Payload"] == [{"a": 1}, answer["ResponseMetadata"]["RequestId"]]
        assert account.invoke(name, {"fail": 1})["Payload"]["errorType"] == "KeyError"

    def test_no_bootstrap_is_an_invalid_entrypoint(self, account):
        name = account.function({"readme.txt": "nothing here"}, runtime="provided.al2023", handler="unused")
        payload = account.invoke(name)["Payload"]
        assert payload["errorType"] == "Runtime.InvalidEntrypoint"
        assert any("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in line for line in account.log_lines(name, until="REPORT"))


def test_an_absent_runtime_says_what_to_install(account):
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as refused:
        account.function("x", runtime="dotnet8")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert "dotnet8" in refused.value.response["Error"]["Message"]
