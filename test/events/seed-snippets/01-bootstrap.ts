import { bootstrapEventSystem, defaultBufferedEventConfig } from 'nestjs-message-queue/buffered-events';

// Bootstrap with buffered processing enabled
const eventSystem = bootstrapEventSystem([], {
  useBufferedProcessing: true,
  bufferedEventConfig: {
    ...defaultBufferedEventConfig,
    enabled: true,
    workerCount: 4,
    maxQueueSize: 10000
  }
});

export { eventSystem };
