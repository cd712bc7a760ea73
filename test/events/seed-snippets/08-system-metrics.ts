import { bufferedEventBus } from './running-bus.js';

const metrics = bufferedEventBus.getMetrics();

console.log('Queue Metrics:', {
  size: metrics.queueMetrics.size,
  utilization: metrics.queueMetrics.utilization,
  totalProcessed: metrics.queueMetrics.totalProcessed,
  averageProcessingTime: metrics.queueMetrics.averageProcessingTime
});

console.log('Retry Stats:', {
  totalRetries: metrics.retryStats.totalRetries,
  deadLetterQueueSize: metrics.retryStats.deadLetterQueueSize,
  successRate: metrics.retryStats.successRate
});
