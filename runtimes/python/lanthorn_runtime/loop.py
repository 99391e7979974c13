"""The life of the process: initialise, then event after event until the environment hangs up."""

import builtins
import json
import os
import sys

from lanthorn_runtime import errors, handler, link, logs
from lanthorn_runtime.context import LambdaContext

_ANNOUNCEMENT = "_LANTHORN_LEAN_FD"
# AWS escapes what is not ASCII up to Python 3.11 and not any more since.
_encode = json.JSONEncoder(ensure_ascii=sys.version_info < (3, 12)).encode


def main():
    """Runs the handler that the environment variable `_HANDLER` names."""
    connection = link.Link(int(os.environ.pop(_ANNOUNCEMENT)))
    _settle_in()
    try:
        function = handler.load(os.environ["_HANDLER"])
    except Exception as error:
        _fail(connection, link.INIT_ERROR, 0, error, "")
        sys.exit(1)
    connection.answer(link.READY)
    _serve(connection, function)


def _settle_in():
    # Python sets this by itself where the locale of `LANG` is missing. On AWS it is missing from 3.12 on.
    if sys.version_info >= (3, 12):
        os.environ.setdefault("LC_CTYPE", "C.UTF-8")
    elif os.environ.get("LC_CTYPE") == "C.UTF-8":
        del os.environ["LC_CTYPE"]
    if sys.flags.no_site:
        import _sitebuiltins

        builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
        builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
        builtins.help = _sitebuiltins._Helper()
    handler.set_path()
    logs.set_up()


def _serve(connection, function):
    receive, answer, environ = connection.receive, connection.answer, os.environ
    while True:
        event = receive()
        if event is None:
            return
        sequence = event.sequence
        logs.begin(event.request_id)
        if event.trace is not None:
            environ["_X_AMZN_TRACE_ID"] = event.trace
        else:
            environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            payload = _run(function, event)
        except Exception as error:
            _fail(connection, link.ERROR, sequence, error, event.request_id)
        else:
            answer(link.RESPONSE, sequence, payload)


def _run(function, event):
    try:
        argument = json.loads(str(event.payload, "utf-8"))
    except ValueError as error:
        raise errors.Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)
    result = function(argument, LambdaContext(event))
    try:
        return _encode(result).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def _fail(connection, kind, sequence, error, request_id):
    """Tells the log and the caller of an error."""
    description = errors.describe(error, request_id)
    logs.write_error(description)
    payload = _encode(description).encode("utf-8", "backslashreplace")
    connection.answer(kind, sequence, payload, description["errorType"].encode("utf-8", "backslashreplace"))
