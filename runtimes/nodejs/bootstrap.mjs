// Starts a function's Node.js.
//
//   bootstrap   the life of the process: initialise, then event after event
//   lib/link        frames over the inherited socket; drawn in the environment's `lean` module
//   lib/handler     from `a/b.c` to a function
//   lib/invocation  one call: its context, its callback, and how it ends
//   lib/context     what the handler gets beside its event
//   lib/errors      errors as AWS tells them: a payload for the caller, a line for the log
//   lib/logs        the console, and events of several lines

import { Link } from './lib/link.mjs';
import * as errors from './lib/errors.mjs';
import * as logs from './lib/logs.mjs';
import { load } from './lib/handler.mjs';
import { Invocation } from './lib/invocation.mjs';

// AWS's exit statuses for what nobody caught.
const UNHANDLED_REJECTION = 128;
const UNCAUGHT_EXCEPTION = 129;

const announcement = '_LANTHORN_LEAN_FD';
const link = new Link(Number(process.env[announcement]));
delete process.env[announcement];
logs.patchConsole();

// The call in progress; undefined before the first and between two.
let current;

const die = (error, title, status) => {
  logs.error(title, error);
  if (current?.open) {
    current.fail(error, { closing: true, logged: true });
  } else if (!current) {
    link.initError(errors.describe(error));
  }
  link.flush(() => process.exit(status));
};
process.on('uncaughtException', (error) => die(error, 'Uncaught Exception', UNCAUGHT_EXCEPTION));
process.on('unhandledRejection', (reason) =>
  die(new errors.UnhandledPromiseRejection(reason), 'Unhandled Promise Rejection', UNHANDLED_REJECTION));

// Nothing is left to do: the call is over, as far as it will ever be.
process.on('beforeExit', () => current?.idle());

try {
  const handler = await load(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER);
  link.onEvent = (event) => {
    current = new Invocation(link, event);
    current.run(handler);
  };
  link.ready();
} catch (error) {
  die(error, 'Uncaught Exception', UNCAUGHT_EXCEPTION);
}
