// Errors as AWS tells them: a payload for the caller, a line for the log.

import { types } from 'node:util';

class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (typeof cause?.stack === 'string') {
      this.stack = cause.stack.replace(/^[^\n]*/, `${name}: ${message.split('\n')[0]}`);
    }
  }
}

export class ImportModuleError extends RuntimeError {
  constructor(error) {
    super('Runtime.ImportModuleError', String(error), error);
  }
}

export class UserCodeSyntaxError extends RuntimeError {
  constructor(error) {
    super('Runtime.UserCodeSyntaxError', String(error), error);
  }
}

export class HandlerNotFound extends RuntimeError {
  constructor(message) {
    super('Runtime.HandlerNotFound', message);
  }
}

export class MalformedHandlerName extends RuntimeError {
  constructor(message) {
    super('Runtime.MalformedHandlerName', message);
  }
}

export class CallbackHandlerDeprecated extends RuntimeError {
  constructor() {
    super(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
        'You need to modify this function to use a supported handler signature to use Node.js 24 or later.',
    );
  }
}

export class UnhandledPromiseRejection extends RuntimeError {
  constructor(reason) {
    super('Runtime.UnhandledPromiseRejection', isError(reason) ? `${reason}` : String(reason), reason);
    this.reason = reason;
  }
}

export function isError(thing) {
  return types.isNativeError(thing) || (typeof thing === 'object' && thing !== null && 'message' in thing && 'stack' in thing);
}

// The caller's payload, in AWS's order of members.
export function describe(error) {
  try {
    if (isError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: String(error.stack ?? '').split('\n') };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    // A getter that throws, or an object that cannot be a string.
    return { errorType: 'handled', errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack', trace: [] };
  }
}

// What the log tells of an error: its members, those of its own included.
export function enumerable(error) {
  if (!isError(error)) {
    return error;
  }
  return {
    errorType: error.name,
    errorMessage: error.message,
    code: error.code,
    ...error,
    stack: String(error.stack ?? '').split('\n'),
  };
}
