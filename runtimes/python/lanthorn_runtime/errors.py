"""Exceptions as AWS tells them: a payload for the caller and an event for the log."""

import os

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# Leading blanks become no-break spaces, which log viewers keep.
_INDENT = "\u00a0\u00a0"


class Fault(Exception):
    """An error of the runtime's own making, with AWS's type for it."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def describe(error, request_id=""):
    """The members of the caller's payload, in AWS's order."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, _trace(error.__traceback__)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def _trace(traceback):
    """The frames of the function's own code and below, without those of ours that called it."""
    import traceback as formatting

    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in formatting.extract_tb(traceback)]
    while frames and frames[0][0].startswith(_OURS):
        frames.pop(0)
    # Tuples, not frame summaries: those would add the carets that AWS leaves out.
    return formatting.format_list(frames)


def log_text(description):
    """The log's event for a described error: `[ERROR] Type: message`, and the traceback."""
    head = "[ERROR]"
    if description["errorType"]:
        head += " " + description["errorType"]
    if description["errorMessage"]:
        head += (":" if description["errorType"] else "") + " " + description["errorMessage"]
    lines = [head]
    if description["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        for entry in description["stackTrace"]:
            lines.extend(_indented(line) for line in entry.splitlines() or [""])
    return "\n".join(lines)


def _indented(line):
    text = line.lstrip(" ")
    depth = len(line) - len(text)
    return _INDENT * (depth // 2) + " " * (depth % 2) + text
