"""The context object a handler gets, member by member as AWS's."""

import json
import os
import time


class CognitoIdentity:
    """Who called through Amazon Cognito; empty for everyone else."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self):
        self.cognito_identity_id = None
        self.cognito_identity_pool_id = None

    def __repr__(self):
        return _repr(self, self.__slots__)


class Client:
    """The caller's application, as the mobile SDKs tell it."""

    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")

    def __init__(self, members):
        for name in self.__slots__:
            setattr(self, name, members.get(name))

    def __repr__(self):
        return _repr(self, self.__slots__)


class ClientContext:
    """What the caller sent as its client context."""

    __slots__ = ("custom", "env", "client")

    def __init__(self, members):
        self.custom = members.get("custom")
        self.env = members.get("env")
        client = members.get("client")
        self.client = Client(client) if isinstance(client, dict) else None

    def __repr__(self):
        return _repr(self, self.__slots__)


class LambdaContext:
    """What a handler is told beside its event."""

    def __init__(self, event):
        members = self.__dict__
        members.update(_FUNCTION)
        members["aws_request_id"] = event.request_id
        members["invoked_function_arn"] = event.arn
        members["client_context"] = _client_context(event.client_context)
        members["identity"] = CognitoIdentity()
        members["tenant_id"] = None
        members["_epoch_deadline_time_in_ms"] = event.deadline_ms

    def get_remaining_time_in_millis(self):
        """Milliseconds until the function's time-out; never below 0."""
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        """Writes `message` to the function's log as it is."""
        os.write(1, str(message).encode("utf-8", "backslashreplace"))

    def __repr__(self):
        return _repr(self, [name for name in self.__dict__ if not name.startswith("_")])


_FUNCTION = {
    "log_group_name": os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
    "log_stream_name": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
    "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
    "memory_limit_in_mb": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    "function_version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
}


def _client_context(text):
    if text is None:
        return None
    members = json.loads(text)
    return ClientContext(members) if isinstance(members, dict) else None


def _repr(thing, names):
    members = ",".join("%s=%s" % (name, getattr(thing, name)) for name in names)
    return "%s([%s])" % (type(thing).__name__, members)
