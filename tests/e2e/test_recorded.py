"""Answers recorded from AWS, replayed: every open case whose operations are built."""

import json
import re

import pytest

import recorded
from conftest import Account, need_runtime, package, unique
from recorded import ACCOUNT, Comparison, answer, case, keys
from server import Server

API = "lambda_/test_lambda_api.snapshot.json"
DATA = "lambda_/test_lambda.snapshot.json"
COMMON = "lambda_/test_lambda_common.snapshot.json"
ECHO = "def handler(event, context):\n    return event\n"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
FAST = {"Delay": 0, "MaxAttempts": 3000}


@pytest.fixture(scope="module")
def account():
    server = Server("--account", ACCOUNT)
    yield Account(server)
    server.close()


@pytest.fixture
def functions(account):
    return account.lambda_


def raw(account, **changes):
    """CreateFunction as a test of the recordings does it by hand."""
    given = dict(FunctionName=unique("fn"), Runtime="python3.12", Handler="index.handler", Role=account.default_role(), Code={"ZipFile": package({"index.py": ECHO})})
    return {**given, **changes}


def made(account, **changes):
    """CreateFunction as the recordings' helper does it: it always sends an environment."""
    return raw(account, **{"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}, "Code": {"ZipFile": package({"handler.py": ECHO})}, **changes})


def active(functions, name):
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)


def updated(functions, name):
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)


@pytest.fixture(autouse=True)
def needs_python(account):
    need_runtime(account.server, "python3.12")


def test_function_lifecycle(account, functions):
    check = Comparison(case(API, "test_function_lifecycle")).check
    name = unique("fn")
    check("create_response", answer(functions.create_function, **made(account, FunctionName=name, MemorySize=256, Timeout=5)))
    active(functions, name)
    check("get_function_response", answer(functions.get_function, FunctionName=name))
    check("update_func_conf_response", answer(functions.update_function_configuration, FunctionName=name, Runtime="python3.11", Description="Changed-Description",
                                              MemorySize=512, Timeout=10, Environment={"Variables": {"ENV_A": "a"}}))
    updated(functions, name)
    check("get_function_response_postupdate", answer(functions.get_function, FunctionName=name))
    check("update_code_response", answer(functions.update_function_code, FunctionName=name, ZipFile=package({"handler.py": "def handler(e, c):\n    return 2\n"})))
    updated(functions, name)
    check("get_function_response_postcodeupdate", answer(functions.get_function, FunctionName=name))
    check("delete_response", answer(functions.delete_function, FunctionName=name))
    check("delete_postdelete", answer(functions.get_function, FunctionName=name))


def test_redundant_updates(account, functions):
    check = Comparison(case(API, "test_redundant_updates")).check
    name = unique("fn")
    check("create_response", answer(functions.create_function, **made(account, FunctionName=name, Description="Initial description")))
    active(functions, name)

    def update():
        return answer(functions.update_function_configuration, FunctionName=name, Description="1st update description")

    check("first_update_result", update())
    updated(functions, name)
    check("get_fn_config_result", answer(functions.get_function_configuration, FunctionName=name))
    check("get_fn_result", answer(functions.get_function, FunctionName=name))
    check("redundant_update_result", update())
    updated(functions, name)
    check("get_fn_result_after_redundant_update", answer(functions.get_function, FunctionName=name))


def test_concurrent_config_updates(account, functions):
    content = case(API, "test_lambda_concurrent_config_updates")
    name = unique("fn")
    comparison = Comparison(content)
    comparison.check("create-function-response", answer(functions.create_function, **made(account, FunctionName=name)))
    active(functions, name)
    labels = list(content)[1:]
    for _ in range(200):
        answers = [answer(functions.update_function_configuration, FunctionName=name, Environment={"Variables": {"TEST": f"TEST-{n}"}}) for n in (1, 2)]
        updated(functions, name)
        if "Error" in answers[1]:
            failed = next(label for label in labels if "Error" in content[label])
            comparison.check(failed, answers[1])
            return
    pytest.skip("the update was always done before the second call arrived")


@pytest.mark.parametrize("operation", ["get_function", "delete_function"])
def test_ops_with_arn_qualifier_mismatch(functions, operation):
    check = Comparison(case(API, f"test_ops_with_arn_qualifier_mismatch[{operation}]")).check
    call = getattr(functions, operation)
    check("not_match_exception", answer(call, FunctionName=ARN + "some-function:1", Qualifier="$LATEST"))
    check("match_exception", answer(call, FunctionName=ARN + "some-function:$LATEST", Qualifier="$LATEST"))


def test_ops_on_nonexisting_function_and_version(account, functions):
    content = case(API, "test_ops_on_nonexisting_fn[delete_function]")
    (label,) = content
    Comparison(content).check(label, answer(functions.delete_function, FunctionName="i-dont-exist-" + unique("x")))
    name = unique("fn")
    functions.create_function(**made(account, FunctionName=name))
    active(functions, name)
    for operation in ("get_function", "get_function_configuration"):
        content = case(API, f"test_ops_on_nonexisting_version[{operation}]")
        (label,) = content
        Comparison(content).check(label, answer(getattr(functions, operation), FunctionName=name, Qualifier="1221"))


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "delete_function", "invoke"])
def test_function_of_another_region(functions, operation):
    content = case(API, f"test_get_function_wrong_region[{operation}]")
    (label,) = content
    theirs = re.search(r"Functions from '([^']+)'", content[label]["Error"]["Message"])[1]
    there = "ap-southeast-1" if theirs.startswith("<") else theirs
    Comparison(content).check(label, answer(getattr(functions, operation), FunctionName=f"arn:aws:lambda:{there}:{ACCOUNT}:function:{unique('fn')}"))


def test_update_exceptions(account, functions):
    check = Comparison(case(API, "test_update_lambda_exceptions")).check
    name = unique("fn")
    functions.create_function(**made(account, FunctionName=name))
    active(functions, name)
    update = account.client("lambda", parameter_validation=False).update_function_configuration
    check("invalid_role_arn_exc", answer(update, FunctionName=name, Role="r1"))
    check("invalid_runtime_exc", answer(update, FunctionName=name, Runtime="non-existent-runtime"))
    check("uppercase_runtime_exc", answer(update, FunctionName=name, Runtime="PYTHON3.9"))


def test_function_arns(account, functions):
    content = case(API, "test_function_arns")
    check = Comparison(content).check
    one, two = unique("fn"), unique("fn")
    check("create-function-arn-response", answer(functions.create_function, **made(account, FunctionName=ARN + one, Code={"ZipFile": package({"handler.py": ECHO + "# 1"})})))
    check("create-function-partial-arn-response", answer(functions.create_function, **made(account, FunctionName=f"{ACCOUNT}:function:{two}",
                                                                                          Code={"ZipFile": package({"handler.py": ECHO + "# 2"})})))
    check("invalid_function_name_exc", answer(functions.create_function, **raw(account, FunctionName="invalid:function:name")))
    check("long_function_name_exc", answer(functions.create_function, **raw(account, FunctionName="a" * 65)))
    long_arn = ARN + "a" * (141 - len(ARN))
    check("long_function_arn_exc", answer(functions.create_function, **raw(account, FunctionName=long_arn)))
    check("function_arn_other_region_exc", answer(functions.create_function, **raw(account, FunctionName=ARN.replace("us-east-1", "ap-southeast-1") + "f")))
    check("function_arn_other_account_exc", answer(functions.create_function, **raw(account, FunctionName=ARN.replace(ACCOUNT, "123456789012") + "f")))


def test_invalid_invoke(functions):
    content = case(API, "test_invalid_invoke")
    Comparison(content).check("invoke_function_name_pattern_exc", answer(functions.invoke, FunctionName="arn:aws:lambda:us-east-1:123400000000@function:myfn", Payload=b"{}"))


@pytest.mark.parametrize("key", keys(API, "test_create_deprecated_function_runtime_with_validation_enabled"))
def test_deprecated_runtimes(account, key):
    content = case(API, key)
    (label,) = content
    create = account.client("lambda", parameter_validation=False).create_function
    Comparison(content).check(label, answer(create, **raw(account, Runtime=key[key.index("[") + 1 : -1])))


NAMES = {
    "invalid_characters_in_function_name": ("my-function!", None), "function_name_is_single_invalid": ("*", None),
    "invalid_characters_in_qualifier": ("my-function", "invalid!"), "qualifier_too_long": ("my-function", "a" * 129),
    "qualifier_too_long0": ("my-function", "a" * 129), "qualifier_too_long1": ("my-function", "a" * 65),
    "invalid_account_id_in_partial_arn": ("invalid-account:function:my-function", None),
    "invalid_region_in_arn": (f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function", None),
    "non_lambda_arn": (f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance:i-1234567890abcdef0", None), "function_name_too_long": ("a" * 65, None),
    "function_name_too_long_and_invalid_region": (f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function" + "a" * 170, None),
    "full_arn_and_qualifier_too_long_and_invalid_region": (f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function-" + "a" * 170, "a" * 129),
    "full_arn_with_multiple_qualifiers": (ARN + "my-function:1:2", None), "incomplete_arn": (ARN.removesuffix(":"), None),
    "partial_arn_with_extra_qualifier": ("function:my-function:$LATEST:extra", None),
    "latest_version_with_additional_qualifier": (ARN + "my-function:$LATEST", "1"), "lowercase_latest_qualifier": (ARN + "my-function", "$latest"),
    "missing_region_in_arn": (f"arn:aws:lambda::{ACCOUNT}:function:my-function", None),
    "missing_account_id_in_arn": ("arn:aws:lambda:us-east-1::function:my-function", None), "misspelled_latest_in_arn": (ARN + "my-function:$LATES", None),
    "function_name_and_qualifier_too_long": ("my-function", "a" * 65),
}


@pytest.mark.parametrize("key", keys(API, "test_function_name_and_qualifier_validation"))
def test_name_and_qualifier_validation(account, key):
    which, operation = key[key.index("[") + 1 : -1].rsplit("-", 1)
    content = case(API, key)
    (expected,) = content.values()
    name, qualifier = NAMES[which]
    if "<function-name:1>" in json.dumps(expected):
        pytest.skip("the recording does not tell the name")
    call = getattr(account.client("lambda", parameter_validation=False), operation)
    if operation == "create_function":
        ours = answer(call, **raw(account, FunctionName=name + (f":{qualifier}" if qualifier else "")))
    elif operation == "invoke":
        ours = answer(call, FunctionName=name, Payload=b"{}", **({"Qualifier": qualifier} if qualifier else {}))
    else:
        ours = answer(call, FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    code, message = ours["Error"]["Code"], ours["Error"].get("Message", "")
    wanted = json.loads(re.sub(r"<a:len\((\d+)\)>", lambda m: "a" * int(m[1]), json.dumps(expected)).replace("<partition>", "aws").replace("<region>", "us-east-1"))
    assert code == wanted["Code"], message
    if "Errors" in wanted:
        count, texts = re.match(r"(\d+) validation errors? detected: (.*)$", message, re.S).groups()
        assert int(count) == wanted["Count"]
        assert sorted(texts.split("; Value ")) == sorted(e if i == 0 else e for i, e in enumerate(wanted["Errors"])) or \
            sorted("Value " + t.removeprefix("Value ") for t in texts.split("; Value ")) == sorted(wanted["Errors"])
    else:
        assert message == wanted["Message"]


def test_advanced_logging(account, functions):
    content = case(API, "test_function_advanced_logging_configuration")
    comparison = Comparison(content)
    name = unique("fn")
    comparison.check("create_response", answer(functions.create_function, **made(account, FunctionName=name, MemorySize=256, Timeout=5, LoggingConfig={"LogFormat": "JSON"})))
    active(functions, name)
    comparison.check("get_function_response", answer(functions.get_function, FunctionName=name))
    if "function_config" in content:
        comparison.check("function_config", answer(functions.get_function_configuration, FunctionName=name))
    advanced = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": "cool_lambda"}
    comparison.check("updated_config", answer(functions.update_function_configuration, FunctionName=name, LoggingConfig=advanced))
    updated(functions, name)
    comparison.check("received_config", answer(functions.get_function_configuration, FunctionName=name))


@pytest.mark.parametrize("key, partial", [("partial_config0", {"LogFormat": "JSON"}), ("partial_config1", {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"})])
def test_partial_logging_updates(account, functions, key, partial):
    content = case(API, f"test_function_partial_advanced_logging_configuration_update[{key}]")
    comparison = Comparison(content)
    name = unique("fn")
    comparison.check("create_response", answer(functions.create_function, **made(account, FunctionName=name, MemorySize=256, Timeout=5)))
    active(functions, name)
    comparison.check("get_function_response", answer(functions.get_function, FunctionName=name))
    comparison.check("function_config", answer(functions.get_function_configuration, FunctionName=name))
    comparison.check("updated_config", answer(functions.update_function_configuration, FunctionName=name, LoggingConfig=partial))
    updated(functions, name)
    comparison.check("received_config", answer(functions.get_function_configuration, FunctionName=name))


def test_environment_sizes(account, functions):
    content = case(API, "test_large_environment_fails_multiple_keys")
    (label,) = content
    variables = {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064}
    Comparison(content).check(label, answer(functions.create_function, **raw(account, Environment={"Variables": variables})))
    content = case(API, "test_lambda_envvars_near_limit_succeeds")
    name = unique("fn")
    label, *_ = content
    recorded_one = content[label].get("CreateFunctionResponse", content[label])
    ((key, value),) = recorded_one["Environment"]["Variables"].items()
    given = raw(account, FunctionName=name, Handler=recorded_one["Handler"], Runtime=recorded_one["Runtime"], Timeout=recorded_one["Timeout"],
                MemorySize=recorded_one["MemorySize"], Environment={"Variables": {key: "x" * (4089 - len(key)) if "<" in value else value}})
    ours = answer(functions.create_function, **given)
    assert ours["ResponseMetadata"]["HTTPStatusCode"] == 201


def test_oversized_request(account):
    content = case(API, "test_oversized_request_create_lambda")
    (label,) = content
    Comparison(content).check(label, answer(account.lambda_.create_function, **raw(account, Code={"ZipFile": bytes(70_167_211 * 3 // 4 + 4)})))


def test_create_with_tags(account, functions):
    content = case(API, "test_create_tag_on_fn_create")
    name = unique("fn")
    tags = {key: "custom-tag-value" if "<" in value else value for key, value in content["get_function_result"]["Tags"].items()}
    functions.create_function(**made(account, FunctionName=name, Tags=tags))
    active(functions, name)
    Comparison(content).check("get_function_result", answer(functions.get_function, FunctionName=name))


# The data plane.


def function(account, code, **settings):
    return account.function(code, **{"runtime": "python3.12", **settings})


def test_time_outs(account, functions):
    code = "import time\ndef handler(event, context):\n    time.sleep(event['s'])\n"
    content = case(DATA, "test_lambda_invoke_with_timeout")
    name = function(account, code, Timeout=1)
    Comparison(content).check("invoke-result", answer(functions.invoke, FunctionName=name, Payload=b'{"s": 2}'))
    content = case(DATA, "test_lambda_invoke_no_timeout")
    name = function(account, code, Timeout=2)
    Comparison(content).check("invoke-result", answer(functions.invoke, FunctionName=name, Payload=b'{"s": 1}'))


def test_runtime_error(account, functions):
    content = case(DATA, "test_lambda_runtime_error")
    need_runtime(account.server, "python3.13")
    name = account.function({"lambda_runtime_error.py": 'raise Exception("Runtime startup fails")\n'}, runtime="python3.13", handler="lambda_runtime_error.handler")
    ours = answer(functions.invoke, FunctionName=name, Payload=b"{}")
    theirs = content["invocation_error"]
    assert ours["Payload"]["stackTrace"][-1] == theirs["Payload"]["stackTrace"][-1]
    comparison = Comparison(json.loads(json.dumps(content)))
    comparison.recorded["invocation_error"]["Payload"]["stackTrace"] = ours["Payload"]["stackTrace"]
    comparison.check("invocation_error", ours)


def test_wrapper_not_found(account, functions):
    name = function(account, ECHO, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}})
    Comparison(case(DATA, "test_lambda_runtime_wrapper_not_found")).check("invocation_error", answer(functions.invoke, FunctionName=name, Payload=b"{}"))


@pytest.mark.parametrize("key", keys(DATA, "test_lambda_invoke_payload_encoding_error"))
def test_payload_encoding(account, functions, key):
    content = case(DATA, key)
    (label,) = content
    payload = key[key.index("-") + 1 : -1].encode().decode("unicode_escape").encode("latin-1")
    name = function(account, ECHO)
    Comparison(content).check(label, answer(functions.invoke, FunctionName=name, Payload=payload))


def test_too_large_response(account, functions):
    comparison = Comparison(case(DATA, "test_lambda_too_large_response"))
    name = function(account, "def handler(event, context):\n    return 'a' * (6 * 1024 * 1024 + 100)\n", MemorySize=512)
    for label in ("invoke_result", "invoke_result_2"):
        comparison.check(label, answer(functions.invoke, FunctionName=name, Payload=b"{}"))


def test_invocation_types(account, functions):
    name = function(account, ECHO)
    check = Comparison(case(DATA, "test_invocation_type_request_response[python3.10]")).check
    check("invoke-result", answer(functions.invoke, FunctionName=name, Payload=b"{}", InvocationType="RequestResponse"))
    check = Comparison(case(DATA, "test_invocation_type_dry_run[python3.10]")).check
    check("invoke-result", answer(functions.invoke, FunctionName=name, Payload=b"{}", InvocationType="DryRun"))
    nothing = function(account, "def handler(event, context):\n    pass\n")
    check = Comparison(case(DATA, "test_invocation_type_no_return_payload[python-RequestResponse]")).check
    check("invoke-result", answer(functions.invoke, FunctionName=nothing, Payload=b"{}"))


def test_invoke_of_a_missing_function(functions):
    Comparison(case(DATA, "test_invoke_exceptions")).check("invoke_function_doesnotexist", answer(functions.invoke, FunctionName="doesnotexist"))


def test_environment_reuse_after_a_time_out(account, functions):
    content = case(DATA, "test_lambda_invoke_timed_out_environment_reuse")
    code = """
import time
number = 0
def handler(event, context):
    global number
    if "write-file" in event:
        open("/tmp/temp-file", "w").write(event["write-file"])
    elif "read-file" in event:
        return {"content": open("/tmp/temp-file").read()}
    elif "set-number" in event:
        number = event["set-number"]
    elif "read-number" in event:
        return {"number": number}
    else:
        time.sleep(event["sleep"])
"""
    name = function(account, code, Timeout=1)
    steps = {"invoke-result-file-write": {"write-file": "some-content"}, "invoke-result-file-read": {"read-file": 1}, "invoke-result-set-number": {"set-number": 42},
             "invoke-result-read-number": {"read-number": 1}, "invoke-result-timed-out": {"sleep": 3}, "invoke-result-file-read-after-timeout": {"read-file": 1},
             "invoke-result-read-number-after-timeout": {"read-number": 1}}
    comparison = Comparison(content)
    for label, event in steps.items():
        ours = answer(functions.invoke, FunctionName=name, Payload=json.dumps(event))
        # The time-out's payload was recorded in its form of 2024; the newer one is compared in test_time_outs.
        comparison.check(label, ours, leave_out=("Payload",) if event == {"sleep": 3} else ())


def test_request_id_in_the_log(account, functions):
    content = case(DATA, "test_request_id_invoke")
    code = "import logging\nlogging.getLogger().setLevel(logging.INFO)\ndef handler(event, context):\n    logging.info('RequestId log message')\n    return context.aws_request_id\n"
    name = function(account, code)
    given = functions.invoke(FunctionName=name, Payload=b"{}")
    request_id = json.loads(given["Payload"].read())
    assert given["ResponseMetadata"]["RequestId"] == request_id
    lines = [line.strip() for line in account.log_lines(name, until="REPORT") if not line.startswith("INIT_START")]
    expected = content["log_entries"]["logs"]
    assert len(lines) == len(expected)
    for ours, theirs in zip(lines, expected):
        pattern = re.escape(theirs).replace(re.escape("<request-id>"), request_id).replace("date", r"\S+").replace("<duration>", r"[0-9.]+").replace("<memory>", r"\d+")
        assert re.fullmatch(pattern, ours), f"{theirs!r} / {ours!r}"


def test_ulimits(account, functions):
    code = "import resource\ndef handler(event, context):\n    return {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n in event}\n"
    content = case(DATA, "test_runtime_ulimits")
    # A core file of a crashed function would be the host's to handle, outside the sandbox: there are none.
    names = [name for name in content["invoke_runtime_ulimits"]["Payload"] if name != "RLIMIT_CORE"]
    content["invoke_runtime_ulimits"]["Payload"].pop("RLIMIT_CORE")
    Comparison(content).check("invoke_runtime_ulimits", answer(functions.invoke, FunctionName=function(account, code), Payload=json.dumps(names)))


def test_introspection_of_the_sandbox(account, functions):
    code = """
import getpass, grp, os, platform, pwd, stat, subprocess
def handler(event, context):
    paths = {}
    for path in ("/var/task", "/opt", "/tmp"):
        s, key = os.stat(path), path.replace("/", "_")
        paths[key + "_mode"] = stat.filemode(s.st_mode)
    return {"event": event, "user_login_name": getpass.getuser(), "user_whoami": subprocess.check_output(["whoami"], text=True).strip(),
            "platform_system": platform.system(), "platform_machine": platform.machine(), "pwd": os.getcwd(), "paths": paths}
"""
    content = json.loads(json.dumps(case(DATA, "test_runtime_introspection_x86")))
    # Owners are those of an id-mapped host and cannot be root; AWS's entry script belongs to its images.
    paths = content["invoke_runtime_x86_introspection"]["Payload"]["paths"]
    content["invoke_runtime_x86_introspection"]["Payload"]["paths"] = {k: v for k, v in paths.items() if k.endswith("_mode") and "entrypoint" not in k}
    Comparison(content).check("invoke_runtime_x86_introspection", answer(functions.invoke, FunctionName=function(account, code), Payload=b"{}"))


INTROSPECT = """
import os
def handler(event, context):
    names = ("aws_request_id", "function_name", "function_version", "invoked_function_arn", "log_group_name", "log_stream_name", "memory_limit_in_mb")
    ctx = {name: getattr(context, name) for name in names}
    ctx["remaining_time_in_millis"] = context.get_remaining_time_in_millis()
    return {"ctx": ctx, "environment": dict(os.environ), "packages": []}
"""


@pytest.mark.parametrize("runtime", ["python3.10", "python3.11", "python3.12"])
def test_introspection(account, functions, runtime):
    need_runtime(account.server, runtime)
    comparison = Comparison(case(COMMON, f"test_introspection_invoke[{runtime}]"))
    name = unique("fn")
    given = raw(account, FunctionName=name, Runtime=runtime, Handler="handler.handler", MemorySize=1024, Environment={"Variables": {"TEST_KEY": "TEST_VAL"}},
                Code={"ZipFile": package({"handler.py": INTROSPECT})})
    comparison.check("create_function_result", answer(functions.create_function, **given))
    active(functions, name)
    for label, spelling in (("invocation_result_payload", name), ("invocation_result_payload_qualified", f"{ARN}{name}:$LATEST")):
        ours = answer(functions.invoke, FunctionName=spelling, Payload=b"{}", ClientContext="e30=")["Payload"]
        # The one variable that AWS does not have: where our endpoint is.
        assert ours["environment"].pop("AWS_ENDPOINT_URL")
        theirs = comparison.recorded[label]
        theirs["packages"] = ours["packages"] = []
        comparison.check(label, ours)


@pytest.mark.parametrize("runtime", ["python3.10", "python3.11", "python3.12", "python3.13"])
def test_uncaught_exceptions(account, functions, runtime):
    need_runtime(account.server, runtime)
    comparison = Comparison(case(COMMON, f"test_uncaught_exception_invoke[{runtime}]"))
    code = "def handler(event, context):\n    raise Exception('Failed: ' + event['error_msg'])\n"
    name = unique("fn")
    given = raw(account, FunctionName=name, Runtime=runtime, Handler="handler.handler", MemorySize=1024, Code={"ZipFile": package({"handler.py": code})})
    comparison.check("create_function_result", answer(functions.create_function, **given))
    active(functions, name)
    comparison.check("error_result", answer(functions.invoke, FunctionName=name, Payload=b'{"error_msg": "some_error_msg"}'))
