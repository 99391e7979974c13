"""Frames over the inherited socket: one read and one write for each event, if it is short.

    event    length u32 | kind u8 | 0 | arn u16 | trace u16 | context u16 | sequence u32 | deadline_ms u64 | id 36
             then arn, trace, context, payload
    answer   length u32 | kind u8 | flags u8 | error type u16 | sequence u32
             then error type, payload
"""

import os
import struct

READY = 1
RESPONSE = 2
ERROR = 3
INIT_ERROR = 4

_EVENT = struct.Struct("<IBBHHHIQ36s")
_ANSWER = struct.Struct("<IBBHI")
_BUFFER_BYTES = 64 * 1024


class Event:
    """One call, as the environment hands it over."""

    __slots__ = ("sequence", "deadline_ms", "request_id", "arn", "trace", "client_context", "payload")


class Link:
    """The socket. `receive` and `answer` alternate."""

    __slots__ = ("_fd", "_buffer", "_view")

    def __init__(self, fd):
        # A process that the function starts must not hold the socket open.
        os.set_inheritable(fd, False)
        self._fd = fd
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)

    def receive(self):
        """The next event; None when the environment has hung up."""
        buffer, view = self._buffer, self._view
        have = os.readv(self._fd, (buffer,))
        while have < _EVENT.size:
            if have == 0:
                return None
            have += os.readv(self._fd, (view[have:],))
        length, _, _, arn, trace, context, sequence, deadline_ms, request_id = _EVENT.unpack_from(buffer)
        whole = _EVENT.size + length
        if whole > have:
            view = self._receive_rest(have, whole)

        event = Event()
        event.sequence = sequence
        event.deadline_ms = deadline_ms
        event.request_id = request_id.decode("ascii")
        start, end = _EVENT.size, _EVENT.size + arn
        event.arn = str(view[start:end], "utf-8")
        start, end = end, end + trace
        event.trace = str(view[start:end], "utf-8") if trace else None
        start, end = end, end + context
        event.client_context = str(view[start:end], "utf-8") if context else None
        event.payload = view[end:whole]
        return event

    def _receive_rest(self, have, whole):
        """A view of a frame longer than what one read gave; longer than the buffer if it must be."""
        view = self._view
        if whole > _BUFFER_BYTES:
            view = memoryview(bytearray(whole))
            view[:have] = self._view[:have]
        while have < whole:
            count = os.readv(self._fd, (view[have:whole],))
            if count == 0:
                raise EOFError("the environment hung up in the middle of an event")
            have += count
        return view

    def answer(self, kind, sequence=0, payload=b"", error_type=b""):
        """Tells the environment."""
        error_type = error_type[:1024]
        head = _ANSWER.pack(len(error_type) + len(payload), kind, 0, len(error_type), sequence) + error_type
        sent = os.writev(self._fd, (head, payload))
        rest = len(head) + len(payload) - sent
        if rest:
            view = memoryview(head + payload)[sent:]
            while view:
                view = view[os.write(self._fd, view):]
