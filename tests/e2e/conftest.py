"""Stock clients against the real binary with real sandboxes.

Each pytest worker starts one server and shares it among its tests; a test that
needs another configuration, or kills its server, starts its own.
"""

import io
import itertools
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import time
import uuid
import zipfile

import boto3
import botocore.config
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from server import ROOT, Server  # noqa: E402

TRUST_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
BASIC_EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_numbers = itertools.count()


def unique(prefix):
    """A name that no other test uses."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}-{uuid.uuid4().hex[:6]}"


def package(files):
    """A zip as bytes. `files`: name → text or bytes, or (text or bytes, mode)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, mode = content if isinstance(content, tuple) else (content, 0o644)
            info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            info.external_attr = (stat.S_IFREG | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def wait_for(condition, what, timeout_s=30):
    """Polls for a state and returns it; fails with `what` if it never comes."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


class Account:
    """Clients of one server, signed as one caller, and what tests often need of them."""

    def __init__(self, server, key="test", secret="test", token=None, region="us-east-1"):
        self.server = server
        self.region = region
        self._session = boto3.Session(key, secret, token, region)
        self._clients = {}
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": server.url,
            "AWS_PAGER": "",
            "PYTHONWARNINGS": "ignore",
        }
        if token:
            self.env["AWS_SESSION_TOKEN"] = token

    def client(self, service, **config):
        made = botocore.config.Config(retries={"max_attempts": 1, "mode": "standard"}, read_timeout=120, max_pool_connections=64, **config)
        return self._session.client(service, endpoint_url=self.server.url, config=made)

    def __getattr__(self, service):
        if service.startswith("_") or service not in ("lambda_", "iam", "sts", "logs"):
            raise AttributeError(service)
        return self._clients.setdefault(service, self.client(service.rstrip("_")))

    def cli(self, *args, check=True, **kwargs):
        """Runs the stock AWS CLI; returns its standard output."""
        aws = pathlib.Path(sys.executable).with_name("aws")
        done = subprocess.run([str(aws), *args], env=self.env, capture_output=True, text=True, timeout=120, **kwargs)
        assert not check or done.returncode == 0, f"aws {' '.join(args)}: {done.stderr}"
        return done.stdout if check else done

    def role(self, trust=TRUST_LAMBDA, policies=(BASIC_EXECUTION,), name=None):
        name = name or unique("role")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return arn

    def function(self, code, *, name=None, runtime="python3.11", handler="handler.handler", role=None, wait=True, **settings):
        """Creates a function of `code` (source text, or files as `package` takes them); returns its name."""
        name = name or unique("fn")
        suffix = "mjs" if runtime.startswith("nodejs") else "py"
        files = code if isinstance(code, dict) else {f"handler.{suffix}": code}
        role = role or self.default_role()
        settings.setdefault("Timeout", 30)
        self.lambda_.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Code={"ZipFile": package(files)}, **settings
        )
        if wait:
            self.lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 3000})
        return name

    def default_role(self):
        if "_role" not in self.__dict__:
            self._role = self.role()
        return self._role

    def invoke(self, name, event=None, **kwargs):
        """Invokes; returns the answer with `Payload` read and parsed."""
        payload = event if isinstance(event, bytes) else json.dumps(event)
        answer = self.lambda_.invoke(FunctionName=name, Payload=payload, **kwargs)
        raw = answer["Payload"].read()
        answer["Payload"] = json.loads(raw) if raw else None
        return answer

    def log_lines(self, name, until=None, timeout_s=20):
        """The messages of the function's log in order; waits until one contains `until`."""
        from botocore.exceptions import ClientError

        def read():
            try:
                events = [
                    event["message"]
                    for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
                    for event in page["events"]
                ]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                events = []
            return events if until is None or any(until in event for event in events) else None

        return wait_for(read, f"`{until}` in the log of {name}", timeout_s)


@pytest.fixture(scope="session")
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="session")
def account(server):
    """The account's root, as an open server takes any unknown key."""
    return Account(server)


@pytest.fixture
def own_server():
    """Starts servers of the test's own; all are gone when it ends."""
    made = []

    def start(*args, **kwargs):
        made.append(Server(*args, **kwargs))
        return made[-1]

    yield start
    for server in made:
        server.close()


def need_runtime(server, runtime):
    """Skips where the host has no interpreter for `runtime` that the server's user can run."""
    if "known" not in server.__dict__:
        server.known = server.runtimes()
    if runtime not in server.known:
        pytest.skip(f"this host has no {runtime}")
