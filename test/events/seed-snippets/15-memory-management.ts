import { bufferedEventBus } from './running-bus.js';

// Monitor memory usage
const metrics = bufferedEventBus.getMetrics();
const memoryUsage = metrics.queueMetrics.memoryUsage;

if (memoryUsage > 0.9) {
  console.warn('High memory usage detected:', memoryUsage);
  // Consider scaling workers or adjusting queue size
}
