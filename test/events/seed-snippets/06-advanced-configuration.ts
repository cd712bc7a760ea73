import type { BufferedEventConfig } from 'nestjs-message-queue/buffered-events';
import { config } from './05-basic-configuration.js';

const advancedConfig: BufferedEventConfig = {
  ...config,
  
  // Memory limits
  memoryLimits: {
    maxQueueSize: 10000,
    maxEventSize: 5120,
    totalMemoryMB: 50,
    workerHeapMB: 100
  },
  
  // Performance limits
  performanceLimits: {
    maxInputRate: 1000,           // Events per second
    targetProcessingRate: 500,    // Target processing rate
    maxMainThreadImpact: 5,       // Max main thread CPU %
    maxQueueLatency: 100          // Max queue latency (ms)
  },
  
  // Reliability limits
  reliabilityLimits: {
    maxRetryAttempts: 3,
    workerRestartDelay: 1000,
    healthCheckInterval: 5000,
    gracefulShutdownTimeout: 10000
  }
};

export { advancedConfig };
