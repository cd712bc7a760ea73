import type { BufferedEventConfig } from 'nestjs-message-queue/buffered-events';

const config: BufferedEventConfig = {
  enabled: true,
  workerCount: 4,                    // Number of worker threads
  maxQueueSize: 10000,              // Maximum events in queue
  maxMemoryMB: 50,                  // Memory limit in MB
  maxEventSize: 5120,               // Max event size in bytes
  retryAttempts: 3,                 // Retry attempts before DLQ
  retryDelays: [1000, 2000, 4000],  // Retry delays (ms)
  fallbackToSync: true,             // Fallback if workers fail
  
  // Priority weights
  priorities: {
    critical: 3,
    normal: 2,
    low: 1
  },
  
  // Monitoring
  monitoring: {
    enabled: true,
    metricsInterval: 1000,
    healthMonitoring: true,
    healthCheckInterval: 5000
  }
};

export { config };
