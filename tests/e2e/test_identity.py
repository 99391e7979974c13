"""Signatures, sessions and rights: who may do what, and what the others are told."""

import datetime
import json
import subprocess
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from conftest import Account, BASIC_EXECUTION, package, unique
from server import BINARY

KEY = botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "test")


def code_of(error):
    return error.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def strict():
    from server import Server

    server = Server("--auth", "strict")
    out = subprocess.run([str(BINARY), "credentials", "--data", str(server.data)], capture_output=True, text=True, check=True).stdout
    exported = dict(line.removeprefix("export ").split("=", 1) for line in out.splitlines() if line.startswith("export "))
    account = Account(server, exported["AWS_ACCESS_KEY_ID"].strip("'\""), exported["AWS_SECRET_ACCESS_KEY"].strip("'\""))
    yield account
    server.close()


def test_the_root_key_is_shown_once(strict):
    again = subprocess.run([str(BINARY), "credentials", "--data", str(strict.server.data)], capture_output=True, text=True)
    assert again.returncode != 0 and "AWS_SECRET_ACCESS_KEY" not in again.stdout
    assert strict.sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"


def test_strict_refuses_unknown_keys_and_wrong_secrets(strict):
    with pytest.raises(ClientError) as unknown:
        Account(strict.server).lambda_.list_functions()
    assert code_of(unknown) == "UnrecognizedClientException"
    assert unknown.value.response["Error"]["Message"] == "The security token included in the request is invalid."
    with pytest.raises(ClientError) as unknown:
        Account(strict.server).sts.get_caller_identity()
    assert code_of(unknown) == "InvalidClientTokenId"
    key = strict.env["AWS_ACCESS_KEY_ID"]
    with pytest.raises(ClientError) as wrong:
        Account(strict.server, key, "wrong").lambda_.list_functions()
    assert code_of(wrong) == "InvalidSignatureException"
    assert wrong.value.response["Error"]["Message"].startswith("The request signature we calculated does not match the signature you provided.")
    with pytest.raises(ClientError) as wrong:
        Account(strict.server, key, "wrong").iam.list_roles()
    assert code_of(wrong) == "SignatureDoesNotMatch"


def _send(account, method, path, headers=None, body=b""):
    request = urllib.request.Request(account.server.url + path, data=body or None, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def _signed(account, method, path, service, body=b"", skew_s=0, query=False, tamper=False):
    credentials = botocore.credentials.Credentials(account.env["AWS_ACCESS_KEY_ID"], account.env["AWS_SECRET_ACCESS_KEY"])
    request = botocore.awsrequest.AWSRequest(method=method, url=account.server.url + path, data=body)
    signer = (botocore.auth.SigV4QueryAuth(credentials, service, "us-east-1", expires=60) if query
              else botocore.auth.SigV4Auth(credentials, service, "us-east-1"))
    real = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: real(remove_tzinfo) + datetime.timedelta(seconds=skew_s)
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = real
    prepared = request.prepare()
    body = body.replace(b"1", b"2") if tamper else body
    return _send(account, method, prepared.url.removeprefix(account.server.url), dict(prepared.headers), body)


def test_an_unsigned_request_misses_a_token(strict):
    status, headers, body = _send(strict, "GET", "/2015-03-31/functions/")
    assert status == 403 and headers["x-amzn-errortype"].startswith("MissingAuthenticationTokenException")
    assert json.loads(body)["message"] == "Missing Authentication Token"
    assert headers["x-amzn-requestid"]


def test_skew_is_told_with_both_times(strict):
    status, headers, body = _signed(strict, "GET", "/2015-03-31/functions", "lambda", skew_s=-3600)
    assert status == 403 and headers["x-amzn-errortype"].startswith("InvalidSignatureException")
    assert "Signature expired: " in json.loads(body)["message"] and "is now earlier than" in json.loads(body)["message"]
    status, _, body = _signed(strict, "GET", "/2015-03-31/functions", "lambda", skew_s=3600)
    assert status == 403 and "Signature not yet current: " in json.loads(body)["message"]


def test_a_presigned_request_is_good_until_it_expires(strict):
    assert _signed(strict, "GET", "/2015-03-31/functions", "lambda", query=True)[0] == 200
    assert _signed(strict, "GET", "/2015-03-31/functions", "lambda", query=True, skew_s=-3600)[0] == 403


def test_another_body_than_the_signed_one_is_refused(strict):
    assert _signed(strict, "POST", "/2015-03-31/functions/x/invocations", "lambda", body=b"[1]", tamper=True)[0] == 403


def test_the_region_comes_from_the_signature(account):
    elsewhere = Account(account.server, region="eu-central-1")
    role = account.default_role()
    name = elsewhere.function("import os\ndef handler(e, c):\n    return os.environ['AWS_REGION']\n", role=role)
    assert elsewhere.invoke(name)["Payload"] == "eu-central-1"
    with pytest.raises(ClientError):
        account.lambda_.get_function(FunctionName=name)


class TestSessions:
    def test_assumed_role_credentials_are_held_to_their_policies(self, account):
        trust_all = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}]})
        name = unique("limited")
        arn = account.role(trust=trust_all, policies=(), name=name)
        account.iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:ListFunctions", "Resource": "*"}]}))
        given = account.sts.assume_role(RoleArn=arn, RoleSessionName="me")
        assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::000000000000:assumed-role/{name}/me"
        keys = given["Credentials"]
        session = Account(account.server, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        assert session.sts.get_caller_identity()["Arn"] == given["AssumedRoleUser"]["Arn"]
        session.lambda_.list_functions()
        for function in (account.function("def handler(e, c):\n    pass\n"), "no-such-function"):
            with pytest.raises(ClientError) as denied:
                session.lambda_.get_function(FunctionName=function)
            assert code_of(denied) == "AccessDeniedException"
            resource = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
            assert denied.value.response["Error"]["Message"] == (
                f"User: {given['AssumedRoleUser']['Arn']} is not authorized to perform: lambda:GetFunction on resource: {resource} "
                "because no identity-based policy allows the lambda:GetFunction action")

    def test_a_broken_token_is_refused(self, account):
        trust_all = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
        keys = account.sts.assume_role(RoleArn=account.role(trust=trust_all), RoleSessionName="me")["Credentials"]
        for token in (None, "nonsense", keys["SessionToken"][:-4] + "AAAA"):
            with pytest.raises(ClientError) as refused:
                Account(account.server, keys["AccessKeyId"], keys["SecretAccessKey"], token).sts.get_caller_identity()
            assert code_of(refused) == "InvalidClientTokenId"
        with pytest.raises(ClientError) as refused:
            Account(account.server, keys["AccessKeyId"], "wrong", keys["SessionToken"]).sts.get_caller_identity()
        assert code_of(refused) == "SignatureDoesNotMatch"


def test_a_function_is_its_role(account):
    """Inside the function, botocore signs with the role's credentials against the endpoint in AWS_ENDPOINT_URL."""
    import botocore

    role_name = unique("execution")
    role = account.role(name=role_name)
    name = account.function(FUNCTION_SIGNER, role=role)
    answer = account.invoke(name, {"service": "sts", "body": "Action=GetCallerIdentity&Version=2011-06-15"})["Payload"]
    assert answer["status"] == 200
    assert f"<Arn>arn:aws:sts::000000000000:assumed-role/{role_name}/{name}</Arn>" in answer["body"]
    denied = account.invoke(name, {"service": "iam", "body": "Action=ListRoles&Version=2010-05-08"})["Payload"]
    assert denied["status"] == 403 and "<Code>AccessDenied</Code>" in denied["body"]
    unknown = account.invoke(name, {"service": "sts", "body": "Action=GetCallerIdentity&Version=2011-06-15", "key": "AKIAUNKNOWNUNKNOWN00"})["Payload"]
    assert unknown["status"] == 403, "an unknown key must not be root inside a sandbox"


FUNCTION_SIGNER = '''
"""Signs a query-protocol request by hand: the sandbox has no SDK of ours."""
import datetime, hashlib, hmac, os, urllib.request, urllib.error

def handler(event, context):
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    host = endpoint.split("//")[1]
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    body = event["body"].encode()
    token = "" if event.get("key") else os.environ["AWS_SESSION_TOKEN"]
    headers = {"content-type": "application/x-www-form-urlencoded", "host": host, "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    canonical = "\\n".join(["POST", "/", ""] + [f"{k}:{headers[k]}" for k in sorted(headers)] + ["", names, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/us-east-1/{event['service']}/aws4_request"
    text = "\\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (day, "us-east-1", event["service"], "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    access = event.get("key") or os.environ["AWS_ACCESS_KEY_ID"]
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint + "/", data=body, headers=headers), timeout=5) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}
'''


class TestRoles:
    def test_create_function_needs_a_role_that_lambda_may_assume(self, account):
        trust_ec2 = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
        for role in ("arn:aws:iam::000000000000:role/does-not-exist", account.role(trust=trust_ec2)):
            with pytest.raises(ClientError) as refused:
                account.function("def handler(e, c):\n    pass\n", role=role)
            assert code_of(refused) == "InvalidParameterValueException"
            assert refused.value.response["Error"]["Message"] == "The role defined for the function cannot be assumed by Lambda."

    def test_the_life_of_a_role(self, account):
        name = unique("life")
        account.role(name=name, policies=())
        with pytest.raises(ClientError) as exists:
            account.role(name=name)
        assert code_of(exists) == "EntityAlreadyExists" and f"Role with name {name} already exists." in str(exists.value)
        account.iam.attach_role_policy(RoleName=name, PolicyArn=BASIC_EXECUTION)
        attached = account.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC_EXECUTION}]
        with pytest.raises(ClientError) as conflict:
            account.iam.delete_role(RoleName=name)
        assert code_of(conflict) == "DeleteConflict"
        account.iam.detach_role_policy(RoleName=name, PolicyArn=BASIC_EXECUTION)
        account.iam.delete_role(RoleName=name)
        with pytest.raises(ClientError) as gone:
            account.iam.get_role(RoleName=name)
        assert code_of(gone) == "NoSuchEntity" and f"The role with name {name} cannot be found." in str(gone.value)


def test_boto3_inside_a_function_finds_the_endpoint_and_its_role(account):
    """The function brings stock boto3 along and calls `sts get-caller-identity` as its users do."""
    import pathlib
    import sys

    site = next(pathlib.Path(sys.prefix).glob("lib/python3.*/site-packages"))
    files = {"handler.py": "import boto3\nsts = boto3.client('sts')\ndef handler(event, context):\n    return sts.get_caller_identity()['Arn']\n"}
    wanted = {"sts", "endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"}
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"):
        paths = [site / name] if name.endswith(".py") else (site / name).rglob("*")
        for path in paths:
            inside = path.relative_to(site)
            data_of_another_service = inside.parts[:2] == ("botocore", "data") and inside.parts[2:3] and inside.parts[2] not in wanted
            if path.is_file() and "__pycache__" not in path.parts and not data_of_another_service:
                files[str(inside)] = path.read_bytes()
    role_name = unique("boto")
    name = account.function(files, role=account.role(name=role_name), MemorySize=1024)
    assert account.invoke(name)["Payload"] == f"arn:aws:sts::000000000000:assumed-role/{role_name}/{name}"


def test_a_function_whose_role_is_gone_cannot_start(account):
    role_name = unique("short-lived")
    name = account.function("def handler(e, c):\n    return 1\n", role=account.role(name=role_name, policies=()))
    account.iam.delete_role(RoleName=role_name)
    with pytest.raises(ClientError) as refused:
        account.invoke(name)
    assert code_of(refused) == "AccessDeniedException" and refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refused.value.response["Error"]["Message"] == "The role defined for the function cannot be assumed by Lambda."
