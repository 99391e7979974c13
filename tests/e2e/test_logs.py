"""CloudWatch Logs as its clients use it: groups, streams, events, patterns."""

import time

import pytest
from botocore.exceptions import ClientError

from conftest import Account, unique


@pytest.fixture
def group(account):
    name = unique("/test/group")
    account.logs.create_log_group(logGroupName=name)
    yield name
    account.logs.delete_log_group(logGroupName=name)


def put(account, group, stream, messages, start=None):
    now = start or int(time.time() * 1000)
    try:
        account.logs.create_log_stream(logGroupName=group, logStreamName=stream)
    except account.logs.exceptions.ResourceAlreadyExistsException:
        pass
    account.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now + n, "message": m} for n, m in enumerate(messages)])
    return now


def code_of(error):
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_groups_and_streams(account, group):
    with pytest.raises(ClientError) as exists:
        account.logs.create_log_group(logGroupName=group)
    assert code_of(exists) == ("ResourceAlreadyExistsException", "The specified log group already exists")
    put(account, group, "one", ["a"])
    put(account, group, "two", ["b", "c"])
    listed = account.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [g["logGroupName"] for g in listed] == [group] and listed[0]["arn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
    streams = account.logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [s["logStreamName"] for s in streams] == ["one", "two"]
    newest = account.logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert newest[0]["logStreamName"] == "two" and newest[0]["lastEventTimestamp"] >= newest[1]["lastEventTimestamp"]
    with pytest.raises(ClientError) as missing:
        account.logs.describe_log_streams(logGroupName="no-such-group")
    assert code_of(missing) == ("ResourceNotFoundException", "The specified log group does not exist.")


def test_events_page_both_ways(account, group):
    put(account, group, "s", [f"line {n:03}" for n in range(25)])
    read, token = [], None
    while True:
        page = account.logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, limit=10, **({"nextToken": token} if token else {}))
        read += [e["message"] for e in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert read == [f"line {n:03}" for n in range(25)]
    last = account.logs.get_log_events(logGroupName=group, logStreamName="s", limit=5)
    assert [e["message"] for e in last["events"]] == [f"line {n:03}" for n in range(20, 25)]
    before = account.logs.get_log_events(logGroupName=group, logStreamName="s", limit=5, nextToken=last["nextBackwardToken"])
    assert [e["message"] for e in before["events"]] == [f"line {n:03}" for n in range(15, 20)]


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("", {0, 1, 2, 3}), ("ERROR", {0, 1}), ("ERROR disk", {1}), ("ERROR -disk", {0}), ('"WARN net"', {2}), ("?disk ?net", {1, 2}),
        ('{ $.level = "info" }', {3}), ("{ $.n > 3 && $.n <= 5 }", {3}), ("{ $.n > 5 }", set()), ("%ERR.R d%", {1}),
    ],
)
def test_filter_patterns(account, group, pattern, expected):
    lines = ["ERROR memory", "ERROR disk", "WARN net", '{"level": "info", "n": 5}']
    put(account, group, "s", lines)
    found = account.logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
    assert [e["message"] for e in found] == [line for n, line in enumerate(lines) if n in expected]


def test_filtering_interleaves_streams_by_time(account, group):
    now = int(time.time() * 1000) - 10_000
    put(account, group, "a", ["a0", "a1"], now)
    put(account, group, "b", ["b0", "b1"], now)
    events = account.logs.filter_log_events(logGroupName=group)["events"]
    assert [e["timestamp"] for e in events] == sorted(e["timestamp"] for e in events) and len(events) == 4
    assert len({e["eventId"] for e in events}) == 4
    only = account.logs.filter_log_events(logGroupName=group, logStreamNames=["b"], startTime=now + 1)["events"]
    assert [e["message"] for e in only] == ["b1"]
    pages = account.logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 1})
    assert sorted(e["message"] for page in pages for e in page["events"]) == ["a0", "a1", "b0", "b1"]


def test_retention_takes_awss_values_only(account, group):
    account.logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert account.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    with pytest.raises(ClientError) as refused:
        account.logs.put_retention_policy(logGroupName=group, retentionInDays=8)
    assert code_of(refused)[0] == "InvalidParameterException"
    account.logs.delete_retention_policy(logGroupName=group)


def test_events_out_of_the_window_are_rejected(account, group):
    account.logs.create_log_stream(logGroupName=group, logStreamName="s")
    old = int(time.time() * 1000) - 15 * 86400 * 1000
    answer = account.logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": old, "message": "old"}, {"timestamp": int(time.time() * 1000), "message": "new"}])
    assert answer["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"] == 1
    assert [e["message"] for e in account.logs.get_log_events(logGroupName=group, logStreamName="s")["events"]] == ["new"]


def test_cli_reads_a_functions_log(account):
    import json

    name = account.function("def handler(event, context):\n    print('for the cli')\n")
    account.invoke(name)
    account.log_lines(name, until="REPORT")
    groups = json.loads(account.cli("logs", "describe-log-groups", "--log-group-name-prefix", f"/aws/lambda/{name}"))["logGroups"]
    assert [g["logGroupName"] for g in groups] == [f"/aws/lambda/{name}"]
    stream = json.loads(account.cli("logs", "describe-log-streams", "--log-group-name", f"/aws/lambda/{name}"))["logStreams"][0]["logStreamName"]
    events = json.loads(account.cli("logs", "get-log-events", "--log-group-name", f"/aws/lambda/{name}", "--log-stream-name", stream, "--start-from-head"))["events"]
    assert any("for the cli" in e["message"] for e in events)
    found = json.loads(account.cli("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{name}", "--filter-pattern", "cli"))["events"]
    assert len(found) == 1
