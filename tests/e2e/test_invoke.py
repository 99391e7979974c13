"""Invoke: answers, errors, limits, warmth and scale, as a caller sees them."""

import base64
import concurrent.futures
import json
import re
import threading
import time

import pytest
from botocore.exceptions import ClientError

from conftest import need_runtime, wait_for

ECHO = "def handler(event, context):\n    return event\n"


def test_the_event_comes_back(account):
    name = account.function(ECHO)
    for event in ({}, {"a": [1, 2.5, None, True, "ü"]}, [], "text", 3, None):
        answer = account.invoke(name, event)
        assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
        assert "FunctionError" not in answer
        assert answer["Payload"] == event


def test_the_request_id_is_the_functions_own(account):
    name = account.function("def handler(event, context):\n    return context.aws_request_id\n")
    answer = account.invoke(name)
    assert answer["Payload"] == answer["ResponseMetadata"]["RequestId"]


def test_the_context_is_complete(account):
    name = account.function(
        """
def handler(event, context):
    c = context.client_context
    return {
        "name": context.function_name, "version": context.function_version, "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name, "stream": context.log_stream_name,
        "left": context.get_remaining_time_in_millis(),
        "client": c and {"custom": c.custom, "env": c.env, "app": c.client and c.client.app_title},
        "identity": context.identity.cognito_identity_id,
    }
""",
        MemorySize=256,
        Timeout=7,
    )
    sent = {"custom": {"k": "v"}, "env": {"locale": "en"}, "client": {"app_title": "T"}}
    answer = account.invoke(name, {}, ClientContext=base64.b64encode(json.dumps(sent).encode()).decode())["Payload"]
    assert answer["name"] == name and answer["version"] == "$LATEST" and answer["memory"] == "256"
    assert answer["arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert answer["group"] == f"/aws/lambda/{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", answer["stream"])
    assert 0 < answer["left"] <= 7000
    assert answer["client"] == {"custom": {"k": "v"}, "env": {"locale": "en"}, "app": "T"}
    assert answer["identity"] is None
    assert account.invoke(name, {})["Payload"]["client"] is None


def test_dry_run_runs_nothing(account):
    name = account.function(ECHO)
    answer = account.lambda_.invoke(FunctionName=name, InvocationType="DryRun", Payload=b"{}")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""
    with pytest.raises(ClientError) as missing:
        account.lambda_.invoke(FunctionName="no-such", InvocationType="DryRun")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_missing_function_is_named_with_its_qualifier(account):
    with pytest.raises(ClientError) as missing:
        account.invoke("doesnotexist")
    error = missing.value.response
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Error"]["Message"] == "Function not found: arn:aws:lambda:us-east-1:000000000000:function:doesnotexist:$LATEST"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_the_log_tail_is_the_end_of_this_call(account):
    name = account.function("def handler(event, context):\n    print('x' * event['n'])\n    print('last words')\n")
    tail = base64.b64decode(account.invoke(name, {"n": 10}, LogType="Tail")["LogResult"]).decode()
    assert tail.startswith("START RequestId: ") or tail.startswith("INIT_START ")
    assert "last words\n" in tail and "REPORT RequestId: " in tail
    long = base64.b64decode(account.invoke(name, {"n": 10_000}, LogType="Tail")["LogResult"])
    assert len(long) == 4096 and b"last words\n" in long
    assert "LogResult" not in account.invoke(name, {"n": 1})


class TestPayloads:
    def test_six_megabytes_go_both_ways(self, account):
        name = account.function(ECHO, MemorySize=512)
        text = "a" * (6 * 1024 * 1024 - 2)
        assert account.invoke(name, text)["Payload"] == text

    def test_more_is_refused_on_the_way_in(self, account):
        name = account.function(ECHO)
        with pytest.raises(ClientError) as refused:
            account.invoke(name, "a" * (6 * 1024 * 1024))
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
        assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"

    def test_more_is_an_error_on_the_way_out_and_the_environment_survives(self, account):
        name = account.function("import os\ndef handler(e, c):\n    return 'a' * e['n'] if e['n'] else os.getpid()\n", MemorySize=512)
        before = account.invoke(name, {"n": 0})["Payload"]
        answer = account.invoke(name, {"n": 7_000_000})
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"] == {
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        assert account.invoke(name, {"n": 0})["Payload"] == before

    @pytest.mark.parametrize(
        "payload, text",
        [
            (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87\n at [Source: REDACTED "
             "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 3]"),
            (b"\x99\xeb,j\x07\xa1zYh", "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, Number, "
             "Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED "
             "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"),
        ],
    )
    def test_what_is_not_json_is_refused_in_the_recorded_words(self, account, payload, text):
        name = account.function(ECHO)
        with pytest.raises(ClientError) as refused:
            account.invoke(name, payload)
        error = refused.value.response["Error"]
        assert error["Code"] == "InvalidRequestContentException"
        assert error["Message"] == f"Could not parse request body into json: Could not parse payload into json: {text}"

    def test_a_broken_client_context_is_refused(self, account):
        name = account.function(ECHO)
        with pytest.raises(ClientError) as refused:
            account.invoke(name, {}, ClientContext="%%%")
        assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


class TestErrors:
    def test_an_exception_has_type_message_and_trace(self, account):
        name = account.function("def handler(event, context):\n    raise ValueError('no good')\n")
        answer = account.invoke(name)
        assert answer["FunctionError"] == "Unhandled" and answer["StatusCode"] == 200
        assert list(answer["Payload"]) == ["errorMessage", "errorType", "requestId", "stackTrace"]
        assert answer["Payload"]["errorMessage"] == "no good" and answer["Payload"]["errorType"] == "ValueError"
        assert answer["Payload"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
        assert answer["Payload"]["stackTrace"] == ["  File \"/var/task/handler.py\", line 2, in handler\n    raise ValueError('no good')\n"]
        lines = account.log_lines(name, until="REPORT")
        trace = next(line for line in lines if line.startswith("[ERROR] ValueError: no good"))
        assert "Traceback (most recent call last):" in trace

    def test_a_time_out_says_when(self, account):
        name = account.function("import time\ndef handler(event, context):\n    time.sleep(event['s'])\n    return 'done'\n", Timeout=1)
        answer = account.invoke(name, {"s": 20})
        assert answer["FunctionError"] == "Unhandled"
        request_id = answer["ResponseMetadata"]["RequestId"]
        assert answer["Payload"] == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
        }
        lines = account.log_lines(name, until="Status: timeout")
        assert any(re.search(rf"{request_id} Task timed out after 1\.00 seconds", line) for line in lines)
        assert account.invoke(name, {"s": 0})["Payload"] == "done"

    def test_after_a_time_out_tmp_is_kept_and_the_process_is_new(self, account):
        name = account.function(
            """
import os, time
number = 0
def handler(event, context):
    global number
    if event == "write":
        open("/tmp/file", "w").write("kept"); number = 7
        return number
    if event == "read":
        return [open("/tmp/file").read(), number]
    time.sleep(30)
""",
            Timeout=2,
        )
        assert account.invoke(name, "write")["Payload"] == 7
        assert account.invoke(name, "read")["Payload"] == ["kept", 7]
        assert account.invoke(name, "sleep")["Payload"]["errorType"] == "Sandbox.Timedout"
        assert account.invoke(name, "read")["Payload"] == ["kept", 0]

    @pytest.mark.parametrize(
        "body, reason",
        [
            ("os._exit(3)", "exit status 3"),
            ("os._exit(0)", "Runtime exited without providing a reason"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "signal: killed"),
        ],
    )
    def test_an_exit_is_told(self, account, body, reason):
        name = account.function(f"import os, signal\ndef handler(event, context):\n    {body}\n")
        answer = account.invoke(name)
        request_id = answer["ResponseMetadata"]["RequestId"]
        expected = reason if "without" in reason else f"Runtime exited with error: {reason}"
        assert answer["Payload"] == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {expected}"}
        assert answer["FunctionError"] == "Unhandled"

    def test_import_errors(self, account):
        missing = account.function("import nosuchmodule\n")
        payload = account.invoke(missing)["Payload"]
        assert payload["errorType"] == "Runtime.ImportModuleError"
        assert payload["errorMessage"] == "Unable to import module 'handler': No module named 'nosuchmodule'"
        nowhere = account.function("x = 1\n")
        payload = account.invoke(nowhere)["Payload"]
        assert payload["errorType"] == "Runtime.HandlerNotFound"
        assert payload["errorMessage"] == "Handler 'handler' missing on module 'handler'"
        broken = account.function("def handler(:\n")
        assert account.invoke(broken)["Payload"]["errorType"] == "Runtime.UserCodeSyntaxError"

    def test_an_exception_while_loading_keeps_its_type(self, account):
        name = account.function("raise Exception('Runtime startup fails')\n")
        payload = account.invoke(name)["Payload"]
        assert (payload["errorType"], payload["errorMessage"], payload["requestId"]) == ("Exception", "Runtime startup fails", "")
        assert payload["stackTrace"][-1] == "  File \"/var/task/handler.py\", line 1, in <module>\n    raise Exception('Runtime startup fails')\n"

    def test_a_missing_wrapper_is_exit_status_127(self, account):
        name = account.function(ECHO, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}})
        payload = account.invoke(name)["Payload"]
        assert payload["errorType"] == "Runtime.ExitError"
        assert re.fullmatch(r"RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 127", payload["errorMessage"])

    def test_what_json_cannot_hold_is_a_marshal_error(self, account):
        name = account.function("def handler(event, context):\n    return {1, 2}\n")
        payload = account.invoke(name)["Payload"]
        assert payload["errorType"] == "Runtime.MarshalError"
        assert payload["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


class TestWarmth:
    COUNT = "import os\ncalls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return [os.getpid(), calls, open('/proc/sys/kernel/random/boot_id').read()]\n"

    def test_globals_survive_between_calls(self, account):
        name = account.function("calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n")
        assert [account.invoke(name)["Payload"] for _ in range(5)] == [1, 2, 3, 4, 5]
        lines = account.log_lines(name, until="REPORT")
        assert sum("INIT_START" in line for line in lines) == 1
        assert sum("Init Duration" in line for line in lines) == 1

    def test_parallel_calls_scale_out(self, account):
        name = account.function("import time, uuid\nme = str(uuid.uuid4())\ndef handler(event, context):\n    time.sleep(1)\n    return me\n")
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            ids = set(threads.map(lambda _: account.invoke(name)["Payload"], range(8)))
        assert len(ids) == 8

    def test_an_update_replaces_the_environments(self, account):
        from conftest import package

        name = account.function("def handler(event, context):\n    return 'old'\n")
        assert account.invoke(name)["Payload"] == "old"
        account.lambda_.update_function_code(FunctionName=name, ZipFile=package({"handler.py": "def handler(e, c):\n    return 'new'\n"}))
        account.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 3000})
        assert account.invoke(name)["Payload"] == "new"
        account.lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"WORD": "b"}}, MemorySize=192)
        account.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 3000})
        assert account.invoke(name)["Payload"] == "new"
        old = [command for command in account.server.descendants().values() if name in command]
        assert len(old) <= 1

    def test_a_deleted_functions_environments_end(self, own_server):
        from conftest import Account

        account = Account(own_server())
        before = len(account.server.descendants())
        name = account.function(ECHO)
        account.invoke(name)
        assert len(account.server.descendants()) > before
        account.lambda_.delete_function(FunctionName=name)
        wait_for(lambda: len(account.server.descendants()) <= before, "the environment's processes to end")
        with pytest.raises(ClientError):
            account.invoke(name)

    def test_an_idle_environment_is_retired(self, own_server):
        from conftest import Account

        account = Account(own_server("--idle-timeout-s", "1"))
        before = len(account.server.descendants())
        name = account.function("import os\ncalls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n")
        assert account.invoke(name)["Payload"] == 1
        wait_for(lambda: len(account.server.descendants()) <= before, "the idle environment to be retired")
        assert account.invoke(name)["Payload"] == 1


class TestMemory:
    EAT = """
def handler(event, context):
    block = bytearray(event["mb"] * 1024 * 1024)
    for i in range(0, len(block), 4096):
        block[i] = 1
    return len(block)
"""

    def test_too_much_memory_ends_the_environment_and_only_it(self, account):
        name = account.function(self.EAT, MemorySize=128)
        answer = account.invoke(name, {"mb": 300})
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == "Runtime.ExitError" or answer["Payload"]["errorType"] == "Runtime.OutOfMemory"
        assert "signal: killed" in answer["Payload"]["errorMessage"]
        assert account.log_lines(name, until="Runtime.OutOfMemory")
        assert account.invoke(name, {"mb": 1})["Payload"] == 1024 * 1024

    def test_the_report_measures_what_was_used(self, account):
        name = account.function(self.EAT, MemorySize=512)
        account.invoke(name, {"mb": 200})
        report = next(line for line in account.log_lines(name, until="REPORT") if line.startswith("REPORT"))
        used = int(re.search(r"Max Memory Used: (\d+) MB", report)[1])
        assert 200 <= used <= 300, report
        duration, billed = (float(re.search(rf"{what}: ([0-9.]+) ms", report)[1]) for what in ("\tDuration", "Billed Duration"))
        init = float(re.search(r"Init Duration: ([0-9.]+) ms", report)[1])
        assert init > 0 and billed == int(billed) and duration + init <= billed < duration + init + 1.001, report


def test_logs_read_as_aws_writes_them(account):
    name = account.function(
        """
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print("plain")
    logging.getLogger().info("logged")
    print("two\\nlines")
"""
    )
    answer = account.invoke(name)
    request_id = answer["ResponseMetadata"]["RequestId"]
    lines = account.log_lines(name, until="REPORT")
    assert re.fullmatch(r"INIT_START Runtime Version: python:3\.11\.\S+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n", lines[0])
    assert lines[1] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert lines[2] == "plain\n"
    # AWS's client does not pad the milliseconds: `.36Z` is 36 of them.
    assert re.fullmatch(rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{1,3}}Z\t{request_id}\tlogged\n", lines[3])
    assert lines[4:6] == ["two\n", "lines\n"]
    assert lines[6] == f"END RequestId: {request_id}\n"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t\n",
        lines[7],
    )
    assert len(lines) == 8


def test_a_background_thread_does_not_outlive_its_environment(account):
    name = account.function("import subprocess\ndef handler(event, context):\n    subprocess.Popen(['sleep', '7321'])\n    return 1\n")
    assert account.invoke(name)["Payload"] == 1
    account.lambda_.delete_function(FunctionName=name)
    wait_for(lambda: not any("sleep 7321" in c for c in account.server.descendants().values()), "the left-behind process to end")


def test_many_callers_at_once_all_get_their_own_answer(account):
    name = account.function(ECHO)
    threads = concurrent.futures.ThreadPoolExecutor(16)
    numbers = list(range(400))
    assert list(threads.map(lambda n: account.invoke(name, n)["Payload"], numbers)) == numbers


def test_the_next_call_after_a_failure_finds_the_same_environment(account):
    """Many times, as fast as a client can: the environment is being reset when the next call comes."""
    name = account.function(
        "import os, pathlib\ndef handler(event, context):\n    if event:\n        os._exit(1)\n"
        "    mark = pathlib.Path('/tmp/mark')\n    seen = mark.exists()\n    mark.touch()\n    return seen\n"
    )
    assert account.invoke(name, False)["Payload"] is False
    for _ in range(10):
        assert account.invoke(name, True)["Payload"]["errorType"] == "Runtime.ExitError"
        assert account.invoke(name, False)["Payload"] is True
