// Frames over the inherited socket: one read and one write for each event, if it is short.
//
//   event    length u32 | kind u8 | 0 | arn u16 | trace u16 | context u16 | sequence u32 | deadline_ms u64 | id 36
//            then arn, trace, context, payload
//   answer   length u32 | kind u8 | flags u8 | error type u16 | sequence u32
//            then error type, payload

import { Socket } from 'node:net';

const READY = 1;
const RESPONSE = 2;
const ERROR = 3;
const INIT_ERROR = 4;

// The process ends after this answer; it takes no further event.
const CLOSING = 1;

const EVENT_HEADER = 60;
const ANSWER_HEADER = 12;
const BUFFER_BYTES = 64 * 1024;
const ERROR_TYPE_BYTES_MAX = 1024;

export class Link {
  #socket;
  // What has arrived of an event that is not whole yet, and how long it will be.
  #partial;
  #have = 0;

  onEvent = () => {};

  constructor(fd) {
    const onread = { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback: (count, buffer) => this.#receive(count, buffer) };
    this.#socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true, onread });
    this.#socket.on('error', () => process.exit(0));
    this.#socket.on('end', () => process.exit(0));
    this.#socket.resume();
  }

  ready() {
    this.#answer(READY, 0, '', '', 0);
    this.#socket.ref();
  }

  // The handler runs: only its own doings keep the event loop alive.
  release() {
    this.#socket.unref();
  }

  respond(sequence, payload) {
    this.#socket.ref();
    this.#answer(RESPONSE, sequence, payload, '', 0);
  }

  fail(sequence, description, closing) {
    this.#socket.ref();
    const payload = JSON.stringify(description);
    this.#answer(ERROR, sequence, payload, String(description.errorType), closing ? CLOSING : 0);
  }

  initError(description) {
    this.#answer(INIT_ERROR, 0, JSON.stringify(description), String(description.errorType), CLOSING);
  }

  // Calls back when everything written has reached the socket.
  flush(then) {
    this.#socket.write('', then);
  }

  #answer(kind, sequence, payload, errorType, flags) {
    const type = Buffer.from(errorType).subarray(0, ERROR_TYPE_BYTES_MAX);
    const bytes = Buffer.byteLength(payload);
    const frame = Buffer.allocUnsafe(ANSWER_HEADER + type.length + bytes);
    frame.writeUInt32LE(type.length + bytes, 0);
    frame[4] = kind;
    frame[5] = flags;
    frame.writeUInt16LE(type.length, 6);
    frame.writeUInt32LE(sequence, 8);
    type.copy(frame, ANSWER_HEADER);
    frame.write(payload, ANSWER_HEADER + type.length);
    this.#socket.write(frame);
  }

  // Returns true: go on reading into the same buffer.
  #receive(count, buffer) {
    let bytes = buffer.subarray(0, count);
    if (this.#partial === undefined && count >= EVENT_HEADER && EVENT_HEADER + bytes.readUInt32LE(0) === count) {
      this.#deliver(bytes);
      return true;
    }
    while (bytes.length > 0) {
      bytes = this.#gather(bytes);
    }
    return true;
  }

  // Takes what belongs to the event in the making; the rest is returned.
  #gather(bytes) {
    this.#partial ??= Buffer.allocUnsafe(EVENT_HEADER);
    const taken = bytes.copy(this.#partial, this.#have);
    this.#have += taken;
    if (this.#have === EVENT_HEADER) {
      const whole = Buffer.allocUnsafe(EVENT_HEADER + this.#partial.readUInt32LE(0));
      this.#partial.copy(whole);
      this.#partial = whole;
    }
    if (this.#have >= EVENT_HEADER && this.#have === this.#partial.length) {
      const whole = this.#partial;
      this.#partial = undefined;
      this.#have = 0;
      this.#deliver(whole);
    }
    return bytes.subarray(taken);
  }

  #deliver(frame) {
    const arnEnd = EVENT_HEADER + frame.readUInt16LE(6);
    const traceEnd = arnEnd + frame.readUInt16LE(8);
    const contextEnd = traceEnd + frame.readUInt16LE(10);
    const event = {
      sequence: frame.readUInt32LE(12),
      deadlineMs: frame.readUInt32LE(16) + frame.readUInt32LE(20) * 2 ** 32,
      requestId: frame.latin1Slice(24, EVENT_HEADER),
      arn: frame.utf8Slice(EVENT_HEADER, arnEnd),
      trace: frame.utf8Slice(arnEnd, traceEnd),
      clientContext: frame.utf8Slice(traceEnd, contextEnd),
      payload: frame.utf8Slice(contextEnd, frame.length),
    };
    this.onEvent(event);
  }
}
