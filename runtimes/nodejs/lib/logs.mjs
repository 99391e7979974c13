// The console as AWS sets it up, and events of several lines.
//
// An event of several lines is written as one: RS in front, US for each newline within. The environment undoes it.

import { writeSync } from 'node:fs';
import { format } from 'node:util';

import { enumerable, isError } from './errors.mjs';

const OUTPUT = 1;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

const json = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const least = json ? Math.max(LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()), 0) : 0;

// Outside a call, text lines say `undefined`, as AWS's do.
let requestId;

// From now on lines belong to this call.
export function begin(id) {
  requestId = id;
}

// Makes the console write AWS's lines.
export function patchConsole() {
  const write = (level) => (...things) => line(level, things);
  console.log = write('INFO');
  console.info = write('INFO');
  console.trace = write('TRACE');
  console.debug = write('DEBUG');
  console.warn = write('WARN');
  console.error = write('ERROR');
  console.fatal = write('FATAL');
}

// Writes an error that ends a call, or the process.
export function error(title, cause) {
  line('ERROR', json ? [cause] : [title, `\t${describe(cause)}`]);
}

function describe(cause) {
  try {
    return JSON.stringify(cause, (_, value) => enumerable(value));
  } catch {
    // Circular, or a BigInt among its members.
    return format(cause);
  }
}

function line(level, things) {
  if (LEVELS.indexOf(level) < least) {
    return;
  }
  const now = new Date().toISOString();
  emit(json ? jsonLine(now, level, things) : `${now}\t${requestId}\t${level}\t${format(...things)}`);
}

function jsonLine(timestamp, level, things) {
  const event = { timestamp, level, requestId };
  if (things.length === 1) {
    try {
      return JSON.stringify({ ...event, message: things[0] }, (_, value) => (isError(value) ? plain(value) : value));
    } catch {
      // Circular, or a BigInt: as text, then.
    }
  }
  const cause = things.find(isError);
  return JSON.stringify({ ...event, message: format(...things), ...(cause && plain(cause)) });
}

function plain(cause) {
  return {
    errorType: cause.constructor?.name ?? 'UnknownError',
    errorMessage: cause.message,
    stackTrace: typeof cause.stack === 'string' ? cause.stack.split('\n') : [],
  };
}

function emit(message) {
  const text = message.includes('\n') ? `\x1e${message.replaceAll('\n', '\x1f')}\x1f\n` : `${message}\n`;
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(OUTPUT, bytes));
    } catch (refusal) {
      if (refusal.code !== 'EAGAIN') {
        return;
      }
      // The pipe is full; the environment is reading.
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}
