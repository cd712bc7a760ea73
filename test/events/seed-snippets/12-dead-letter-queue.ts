import { bufferedEventBus } from './running-bus.js';

// Access dead letter queue for manual inspection
const dlq = bufferedEventBus.getDeadLetterQueue();

console.log('Failed Events:', dlq.map(entry => ({
  event: entry.event,
  attempts: entry.attempts,
  lastError: entry.lastError,
  timestamp: entry.timestamp
})));
