"""The root logger as AWS sets it up, and events of several lines.

An event of several lines is written as one: RS in front, US for each newline within. The environment undoes it.
"""

import json
import logging
import os
import time

from lanthorn_runtime import errors

_LEVELS = {"TRACE": "NOTSET", "FATAL": "CRITICAL"}
_OUTPUT = 1


def write(text):
    """Writes `text`, which may have several lines, to the log as one event."""
    body = text[:-1] if text.endswith("\n") else text
    if "\n" in body or not text.endswith("\n"):
        text = "\x1e" + text.replace("\n", "\x1f") + "\n"
    view = memoryview(text.encode("utf-8", "backslashreplace"))
    while view:
        view = view[os.write(_OUTPUT, view):]


class _Handler(logging.Handler):
    def emit(self, record):
        try:
            write(self.format(record))
        except Exception:
            self.handleError(record)


class _RequestId(logging.Filter):
    """Tells every record which call it belongs to."""

    current = ""

    def filter(self, record):
        record.aws_request_id = self.current
        return True


class _JsonFormatter(logging.Formatter):
    converter = time.gmtime
    # What every record has by itself; all else was given as `extra` and is told.
    _usual = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "aws_request_id", "taskName"}

    def format(self, record):
        event = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[1] is not None:
            description = errors.describe(record.exc_info[1])
            event["stackTrace"] = description["stackTrace"]
            event["errorType"] = description["errorType"]
            event["errorMessage"] = description["errorMessage"]
            event["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        if record.aws_request_id:
            event["requestId"] = record.aws_request_id
        for name, value in record.__dict__.items():
            if name not in self._usual and name not in event and value is not None:
                event[name] = value
        return json.dumps(event, ensure_ascii=False, default=str) + "\n"


_request_id = _RequestId()
_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


def set_up():
    """Gives the root logger AWS's handler, and in JSON the level that the function's owner chose."""
    handler = _Handler()
    handler.addFilter(_request_id)
    root = logging.getLogger()
    if _json:
        handler.setFormatter(_JsonFormatter())
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        level = _LEVELS.get(level, level)
        if level in ("NOTSET", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
            root.setLevel(level)
    else:
        logging.Formatter.converter = time.gmtime
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
    root.addHandler(handler)


def begin(request_id):
    """From now on lines belong to this call."""
    _RequestId.current = request_id


def write_error(description):
    """Writes a described error to the log as one event."""
    if _json:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        write(json.dumps(dict({"timestamp": now, "log_level": "ERROR"}, **description), ensure_ascii=False) + "\n")
    else:
        write(errors.log_text(description))
