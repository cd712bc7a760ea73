import { bootstrapEventSystem, defaultBufferedEventConfig } from 'nestjs-message-queue/buffered-events';

// After
const eventSystem = bootstrapEventSystem([], {
  useBufferedProcessing: true,
  bufferedEventConfig: defaultBufferedEventConfig
});

export { eventSystem };
