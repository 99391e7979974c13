// The context object a handler gets, member by member as AWS's.

const { env } = process;

// What is the same for every call of this process.
const FUNCTION = {
  functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
};

// `end(error, value)` ends the call at once; it stands behind the three old ways to do so.
export function createContext(event, end) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    ...FUNCTION,
    clientContext: event.clientContext === '' ? undefined : JSON.parse(event.clientContext),
    identity: undefined,
    invokedFunctionArn: event.arn,
    awsRequestId: event.requestId,
    tenantId: undefined,
    getRemainingTimeInMillis: () => Math.max(event.deadlineMs - Date.now(), 0),
    done: end,
    fail: (error) => end(error ?? 'handled'),
    succeed: (value) => end(null, value),
  };
}
