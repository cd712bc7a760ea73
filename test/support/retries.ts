// Many tests wait for real servers and processes: on a machine that stands still one may run out of time. What is broken fails each time.
jest.retryTimes(2, { logErrorsBeforeRetry: true });
