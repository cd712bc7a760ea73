// Configure retry behavior
const config = {
  retryAttempts: 3,
  retryDelays: [1000, 2000, 4000], // 1s, 2s, 4s delays
};

// Events that fail will be retried automatically
// After all retries are exhausted, events move to Dead Letter Queue

export { config };
