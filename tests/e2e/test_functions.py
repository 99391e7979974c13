"""The life of a function: create, get, list, update, delete, and every refusal in AWS's words."""

import base64
import hashlib
import io
import json
import re
import urllib.error
import urllib.request
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError

from conftest import Account, package, unique

ECHO = "def handler(event, context):\n    return event\n"
FAST = {"Delay": 0, "MaxAttempts": 3000}


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return error["Error"]["Code"], error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]


def create(account, **changes):
    given = dict(FunctionName=unique("fn"), Runtime="python3.11", Handler="handler.handler", Role=account.default_role(), Code={"ZipFile": package({"handler.py": ECHO})})
    given.update(changes)
    return account.lambda_.create_function(**{k: v for k, v in given.items() if v is not None})


def strip(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_create_echoes_aws_defaults(account):
    zip_bytes = package({"handler.py": ECHO})
    answer = create(account, Code={"ZipFile": zip_bytes}, FunctionName="defaults-" + uuid.uuid4().hex[:8])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    revision = answer["RevisionId"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", revision)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", answer["LastModified"])
    name = answer["FunctionName"]
    expected = {
        "FunctionName": name, "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}", "Runtime": "python3.11",
        "Role": account.default_role(), "Handler": "handler.handler", "CodeSize": len(zip_bytes), "Description": "", "Timeout": 3, "MemorySize": 128,
        "LastModified": answer["LastModified"], "CodeSha256": base64.b64encode(hashlib.sha256(zip_bytes).digest()).decode(), "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"}, "RevisionId": revision, "State": "Pending", "StateReason": "The function is being created.",
        "StateReasonCode": "Creating", "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": answer["RuntimeVersionConfig"], "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    assert strip(answer) == expected
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", answer["RuntimeVersionConfig"]["RuntimeVersionArn"])
    account.lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    active = strip(account.lambda_.get_function_configuration(FunctionName=name))
    expected |= {"State": "Active", "LastUpdateStatus": "Successful", "RevisionId": active["RevisionId"]}
    expected = {key: value for key, value in expected.items() if not key.startswith("StateReason")}
    assert active == expected and active["RevisionId"] != revision


def test_the_code_location_really_downloads(account):
    zip_bytes = package({"handler.py": ECHO, "data.bin": bytes(range(256)) * 100})
    name = create(account, Code={"ZipFile": zip_bytes}, Tags={"team": "one"})["FunctionName"]
    got = account.lambda_.get_function(FunctionName=name)
    assert got["Tags"] == {"team": "one"} and got["Code"]["RepositoryType"] == "S3"
    location = got["Code"]["Location"]
    assert "X-Amz-Expires=600" in location and "X-Amz-Signature=" in location
    with urllib.request.urlopen(location) as download:
        assert download.read() == zip_bytes
    with pytest.raises(urllib.error.HTTPError) as tampered:
        urllib.request.urlopen(location.replace("X-Amz-Expires=600", "X-Amz-Expires=601"))
    assert tampered.value.code == 403 and b"SignatureDoesNotMatch" in tampered.value.read()


def test_update_configuration_merges(account):
    name = account.function(ECHO, Description="first", Environment={"Variables": {"WORD": "1"}})
    before = account.lambda_.get_function_configuration(FunctionName=name)
    answer = account.lambda_.update_function_configuration(FunctionName=name, Timeout=10, MemorySize=512)
    assert (answer["Timeout"], answer["MemorySize"], answer["Description"]) == (10, 512, "first")
    assert answer["Environment"] == {"Variables": {"WORD": "1"}}
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReason"] == "The function is being created." and answer["LastUpdateStatusReasonCode"] == "Creating"
    account.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    after = account.lambda_.get_function_configuration(FunctionName=name)
    assert after["LastUpdateStatus"] == "Successful" and "LastUpdateStatusReason" not in after
    assert len({before["RevisionId"], answer["RevisionId"], after["RevisionId"]}) == 3


def test_update_code(account):
    name = account.function(ECHO)
    new = package({"handler.py": ECHO + "\n# changed\n"})
    dry = account.lambda_.update_function_code(FunctionName=name, ZipFile=new, DryRun=True)
    sha = base64.b64encode(hashlib.sha256(new).digest()).decode()
    assert dry["CodeSha256"] == sha
    assert account.lambda_.get_function_configuration(FunctionName=name)["CodeSha256"] != sha
    answer = account.lambda_.update_function_code(FunctionName=name, ZipFile=new)
    assert answer["CodeSha256"] == sha and answer["LastUpdateStatus"] == "InProgress"
    account.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    assert account.lambda_.get_function_configuration(FunctionName=name)["CodeSha256"] == sha


def test_a_stale_revision_is_refused(account):
    name = account.function(ECHO)
    stale = str(uuid.uuid4())
    text = ("The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
    assert refused(account.lambda_.update_function_configuration, FunctionName=name, Timeout=4, RevisionId=stale) == ("PreconditionFailedException", text, 412)
    assert refused(account.lambda_.update_function_code, FunctionName=name, ZipFile=package({"a": "b"}), RevisionId=stale) == ("PreconditionFailedException", text, 412)
    current = account.lambda_.get_function_configuration(FunctionName=name)["RevisionId"]
    account.lambda_.update_function_configuration(FunctionName=name, Timeout=4, RevisionId=current)


def test_a_duplicate_is_refused(account):
    name = account.function(ECHO)
    code, message, status = refused(lambda **k: create(account, **k), FunctionName=name)
    assert (code, message, status) == ("ResourceConflictException", f"Function already exist: {name}", 409)


def test_delete_is_for_good(account):
    name = account.function(ECHO)
    assert account.lambda_.delete_function(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    for call in (account.lambda_.delete_function, account.lambda_.get_function, account.lambda_.get_function_configuration):
        assert refused(call, FunctionName=name) == ("ResourceNotFoundException", f"Function not found: {arn}", 404)
    again = account.function(ECHO, name=name)
    assert account.invoke(again, 1)["Payload"] == 1


def test_every_spelling_of_a_function_works(account):
    name = account.function(ECHO)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    for spelling in (name, f"000000000000:function:{name}", arn):
        assert account.lambda_.get_function_configuration(FunctionName=spelling)["FunctionArn"] == arn
        assert account.invoke(spelling, 1)["Payload"] == 1
    for spelling in (f"{name}:$LATEST", f"{arn}:$LATEST"):
        assert account.lambda_.get_function_configuration(FunctionName=spelling)["FunctionArn"] == f"{arn}:$LATEST"
    assert account.lambda_.get_function_configuration(FunctionName=name, Qualifier="$LATEST")["FunctionArn"] == f"{arn}:$LATEST"
    text = "The derived qualifier from the function name does not match the specified qualifier."
    assert refused(account.lambda_.get_function, FunctionName=f"{arn}:1", Qualifier="$LATEST") == ("InvalidParameterValueException", text, 400)
    assert refused(account.lambda_.get_function, FunctionName=name, Qualifier="1") == ("ResourceNotFoundException", f"Function not found: {arn}:1", 404)
    code, message, status = refused(account.lambda_.get_function, FunctionName=arn.replace("us-east-1", "eu-west-1"))
    assert (code, message, status) == ("ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')", 404)


def test_listing_pages_in_order(own_server):
    account = Account(own_server())
    names = sorted(account.function(ECHO, name=f"list-{n:02}", wait=False) for n in range(7))
    first = account.lambda_.list_functions(MaxItems=3)
    assert len(first["Functions"]) == 3 and first["NextMarker"]
    assert not {"State", "LastUpdateStatus", "StateReason"} & set(first["Functions"][0])
    pages = list(account.lambda_.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    assert [f["FunctionName"] for page in pages for f in page["Functions"]] == names and len(pages) == 4
    code, message, status = refused(account.lambda_.list_functions, FunctionVersion="invalid")
    assert (code, status) == ("ValidationException", 400)
    assert message == "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"


class TestRefusals:
    """Texts of AWS, recorded unless said otherwise."""

    @pytest.mark.parametrize(
        "changes, text",
        [
            ({"MemorySize": 127}, "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
            ({"Timeout": 0}, "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"),
            ({"Description": "x" * 257}, "failed to satisfy constraint: Member must have length less than or equal to 256"),
            ({"Handler": "has space"}, r"1 validation error detected: Value 'has space' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\s]+"),
            ({"Role": "r"}, "1 validation error detected: Value 'r' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"),
            ({"PackageType": "Tar"}, "failed to satisfy constraint: Member must satisfy enum value set: ["),
            ({"Environment": {"Variables": {"1A": "x"}}}, "failed to satisfy constraint"),
        ],
    )
    def test_constraints_of_the_model(self, account, changes, text):
        no_checks = account.client("lambda", parameter_validation=False)
        given = dict(FunctionName=unique("fn"), Runtime="python3.11", Handler="handler.handler", Role=account.default_role(), Code={"ZipFile": package({"handler.py": ECHO})})
        code, message, status = refused(no_checks.create_function, **(given | changes))
        assert (code, status) == ("ValidationException", 400) and text in message, message

    def test_several_constraints_are_told_together(self, account):
        no_checks = account.client("lambda", parameter_validation=False)
        code, message, _ = refused(no_checks.create_function, FunctionName=unique("fn"), Runtime="python3.11", Handler="has space", Role="r",
                                   MemorySize=1, Code={"ZipFile": package({"a": "b"})})
        assert code == "ValidationException" and message.startswith("3 validation errors detected: ") and message.count("; ") == 2

    def test_runtimes(self, account):
        code, message, _ = refused(lambda **k: create(account, **k), Runtime="cobol85")
        assert code == "InvalidParameterValueException"
        assert re.match(r"Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN$", message), message
        code, message, _ = refused(lambda **k: create(account, **k), Runtime="python3.7")
        assert code == "InvalidParameterValueException"
        assert message == ("The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use "
                           "a supported runtime while creating or updating functions.")

    def test_environment(self, account):
        code, message, _ = refused(lambda **k: create(account, **k), Environment={"Variables": {"AWS_REGION": "x"}})
        assert (code, message) == ("InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables "
                                   "you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION")
        code, message, _ = refused(lambda **k: create(account, **k), Environment={"Variables": {"WORD": "x" * 4096}})
        assert code == "InvalidParameterValueException" and message.startswith(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {\"WORD\":\"xxx")

    def test_names(self, account):
        code, message, _ = refused(lambda **k: create(account, **k), FunctionName="a" * 65)
        assert (code, message) == ("InvalidParameterValueException", "1 validation error detected: Value '" + "a" * 65 + "' at 'functionName' failed to satisfy "
                                   "constraint: Member must have length less than or equal to 64")
        code, message, _ = refused(lambda **k: create(account, **k), FunctionName="my function!")
        assert code == "ValidationException" and "at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: " in message

    def test_what_is_not_built_is_refused_not_ignored(self, account):
        for changes in ({"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]}, {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
                        {"Publish": True}, {"Code": {"S3Bucket": "bucket", "S3Key": "k"}}, {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}}):
            with pytest.raises(ClientError) as caught:
                create(account, **changes)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501)


class TestPackages:
    def test_not_a_zip(self, account):
        assert refused(lambda **k: create(account, **k), Code={"ZipFile": b"this is no zip"}) == (
            "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.", 400)

    def test_a_bomb_is_cut(self, account):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
            with bomb.open("zeros", "w", force_zip64=True) as f:
                for _ in range(300):
                    f.write(bytes(1 << 20))
        code, message, status = refused(lambda **k: create(account, **k), Code={"ZipFile": out.getvalue()})
        assert (code, message, status) == ("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes", 400)

    def test_traversal_and_links_out_are_refused(self, account, tmp_path):
        escape = tmp_path / "escaped"
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        for entries in ([("../../../../../../.." + str(escape), b"x")], [(str(escape), b"x")], [(link, b"/etc"), ("link/passwd", b"x")]):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for name, content in entries:
                    archive.writestr(name, content)
            with pytest.raises(ClientError):
                name = create(account, Code={"ZipFile": out.getvalue()})["FunctionName"]
                account.lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
            assert not escape.exists()

    def test_modes_are_kept_and_files_are_readable(self, account):
        code = "import os\ndef handler(e, c):\n    return {n: oct(os.stat('/var/task/' + n).st_mode & 0o777) for n in ('run.sh', 'data')}\n"
        name = account.function({"handler.py": code, "run.sh": ("#!/bin/sh\n", 0o755), "data": ("x", 0o600)})
        modes = account.invoke(name)["Payload"]
        assert int(modes["run.sh"], 8) & 0o111 and int(modes["data"], 8) & 0o444 == 0o444

    def test_a_request_too_large_is_refused(self, account):
        with pytest.raises(ClientError) as caught:
            create(account, Code={"ZipFile": bytes(53 * 1024 * 1024)})
        error = caught.value.response
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
        assert error["Error"]["Message"] == "Request must be smaller than 70167211 bytes for the CreateFunction operation"


def test_operations_that_are_not_built_answer_a_proper_fault(account):
    name = account.function(ECHO)
    for call, arguments in ((account.lambda_.publish_version, {"FunctionName": name}), (account.lambda_.list_layers, {}),
                            (account.lambda_.create_alias, {"FunctionName": name, "Name": "live", "FunctionVersion": "1"})):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        assert caught.value.response["Error"]["Code"] == "NotImplementedException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_unknown_operations_answer_a_proper_fault(account):
    request = urllib.request.Request(account.server.url + "/2015-03-31/nonsense", method="GET")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code in (403, 404) and caught.value.headers["x-amzn-RequestId"]
