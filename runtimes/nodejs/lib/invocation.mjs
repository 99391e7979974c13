// One call: the handler is run, and whatever it does first to end the call ends it.
//
//   run ─► handler(event, context, callback)
//            ├─ returns a promise       ─► its value or error, when it settles
//            ├─ calls back              ─► when the event loop is empty, unless it must not wait for that
//            ├─ context.succeed, .fail  ─► at once
//            └─ none of these           ─► null, when the event loop is empty

import * as errors from './errors.mjs';
import * as logs from './logs.mjs';
import { createContext } from './context.mjs';

// From Node.js 24 on AWS's runtime takes no handlers that call back.
const CALLBACKS_END_WITH = 24;
const NODE_MAJOR = Number(process.versions.node.split('.')[0]);

export class Invocation {
  #link;
  #event;
  #context;
  // What the handler called back with, while the event loop still has work.
  #waiting;

  // Whether nothing has ended the call yet.
  open = true;

  constructor(link, event) {
    this.#link = link;
    this.#event = event;
  }

  run(handler) {
    const event = this.#event;
    logs.begin(event.requestId);
    if (event.trace !== '') {
      process.env._X_AMZN_TRACE_ID = event.trace;
    } else {
      delete process.env._X_AMZN_TRACE_ID;
    }
    this.#link.release();
    try {
      if (NODE_MAJOR >= CALLBACKS_END_WITH && handler.length >= 3) {
        throw new errors.CallbackHandlerDeprecated();
      }
      this.#context = createContext(event, (error, value) => this.#end(error, value));
      const returned = handler(JSON.parse(event.payload), this.#context, (error, value) => this.#calledBack(error, value));
      if (typeof returned?.then === 'function') {
        returned.then((value) => this.#succeed(value), (error) => this.fail(error));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  // The event loop is empty.
  idle() {
    if (this.open) {
      this.#succeed(this.#waiting?.value);
    }
  }

  fail(error, { closing = false, logged = false } = {}) {
    if (!this.open) {
      return;
    }
    this.open = false;
    if (!logged) {
      logs.error('Invoke Error', error);
    }
    this.#link.fail(this.#event.sequence, errors.describe(error), closing);
  }

  #calledBack(error, value) {
    if (error !== undefined && error !== null) {
      this.fail(error);
    } else if (this.#context.callbackWaitsForEmptyEventLoop) {
      this.#waiting ??= { value };
    } else {
      this.#succeed(value);
    }
  }

  #end(error, value) {
    if (error !== undefined && error !== null) {
      this.fail(error);
    } else {
      this.#succeed(value);
    }
  }

  #succeed(value) {
    if (!this.open) {
      return;
    }
    let payload;
    try {
      // A function or a symbol has no JSON and counts as nothing, like undefined.
      payload = JSON.stringify(value) ?? 'null';
    } catch {
      this.fail(new Error('Unable to stringify response body'));
      return;
    }
    this.open = false;
    this.#link.respond(this.#event.sequence, payload);
  }
}
