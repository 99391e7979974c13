"""Compares our answers with answers recorded from AWS.

A recording holds placeholders: `<name:1>` stands for one value within a case (the
same one means the same value, another one another value), `<word>` and a few bare
words for any value. Where the recordings are not at hand, the tests are skipped.
"""

import datetime
import json
import os
import pathlib
import re

import pytest
from botocore.exceptions import ClientError

from server import ROOT

FOLDER = pathlib.Path(os.environ.get("LANTHORN_RECORDED", ROOT.parent / "shared/aws-recorded"))
ACCOUNT = "111111111111"
PLACEHOLDER = re.compile(r"<([a-zA-Z][a-zA-Z0-9_-]*?)(?::(\d+))?>")
ANY_WORDS = {"date", "datetime", "timestamp", "code-sha256"}
SAME_FOR_ALL = {"region": "us-east-1", "partition": "aws"}


def case(file, key):
    """The recorded content of the case whose key ends with `key`."""
    path = FOLDER / file
    if not path.exists():
        pytest.skip(f"no recorded answers at {FOLDER}: set LANTHORN_RECORDED")
    found = [content for name, content in json.loads(path.read_text()).items() if name.endswith("::" + key)]
    assert found, f"no case {key} in {file}"
    return found[-1]["recorded-content"]


def keys(file, prefix):
    """The keys (class left out) of all cases of `file` that begin with `prefix`."""
    path = FOLDER / file
    if not path.exists():
        return []
    names = [name.rsplit("::", 1)[1] for name in json.loads(path.read_text())]
    return [name for name in names if name.startswith(prefix)]


class Comparison:
    """One case: what each placeholder has come to stand for."""

    def __init__(self, recorded):
        self.recorded = recorded
        self.bound = {}

    def check(self, label, ours, leave_out=()):
        expected = self.recorded[label]
        if isinstance(expected, dict) and "CreateFunctionResponse" in expected:
            expected = expected["CreateFunctionResponse"]
        expected, ours = dict(expected), dict(ours)
        for name in leave_out:
            expected.pop(name, None), ours.pop(name, None)
        self._compare(label, expected, ours)

    def _compare(self, where, expected, ours):
        if isinstance(expected, dict) and isinstance(ours, dict):
            assert set(expected) == set(ours), f"{where}: recorded only {set(expected) - set(ours)}, ours only {set(ours) - set(expected)}: {ours}"
            for key in expected:
                self._compare(f"{where}.{key}", expected[key], ours[key])
        elif isinstance(expected, list) and isinstance(ours, list):
            assert len(expected) == len(ours), f"{where}: {expected} / {ours}"
            for index, (one, other) in enumerate(zip(expected, ours)):
                self._compare(f"{where}[{index}]", one, other)
        elif isinstance(expected, str):
            self._text(where, expected, ours)
        else:
            assert expected == ours, f"{where}: recorded {expected!r}, ours {ours!r}"

    def _text(self, where, expected, ours):
        whole = PLACEHOLDER.fullmatch(expected)
        if expected in ANY_WORDS or (whole and not whole[2] and whole[1] not in SAME_FOR_ALL):
            return
        ours = ours if isinstance(ours, str) else json.dumps(ours)
        pattern, groups, last = "", [], 0
        for found in PLACEHOLDER.finditer(expected):
            pattern += re.escape(expected[last : found.start()])
            last = found.end()
            if found[1] in SAME_FOR_ALL:
                pattern += re.escape(SAME_FOR_ALL[found[1]])
            elif found[0] in self.bound:
                pattern += re.escape(self.bound[found[0]])
            else:
                pattern += "(.+?)"
                groups.append(found[0] if found[2] else None)
        pattern += re.escape(expected[last:])
        match = re.fullmatch(pattern, ours, re.S)
        assert match, f"{where}:\n  recorded {expected!r}\n  ours     {ours!r}"
        for name, value in zip(groups, match.groups()):
            if name:
                taken = [other for other, known in self.bound.items() if known == value and other.split(":")[0] == name.split(":")[0]]
                assert not taken, f"{where}: {value!r} is both {name} and {taken}"
                self.bound[name] = value


def answer(call, **arguments):
    """What a boto3 call gives, in the recordings' form."""
    try:
        given = call(**arguments)
    except ClientError as error:
        given = error.response
    given = dict(given)
    given["ResponseMetadata"] = {"HTTPHeaders": {}, "HTTPStatusCode": given["ResponseMetadata"]["HTTPStatusCode"]}
    if "Payload" in given:
        raw = given["Payload"].read()
        parsed = _parsed(raw.decode())
        given["Payload"] = parsed
    return json.loads(json.dumps(given, default=lambda value: value.isoformat() if isinstance(value, datetime.datetime) else str(value)))


def _parsed(text):
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (dict, list)) else text
