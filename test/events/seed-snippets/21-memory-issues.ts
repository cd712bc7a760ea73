import { bufferedEventBus } from './running-bus.js';

// Monitor memory usage
const memoryUsage = bufferedEventBus.getMetrics().queueMetrics.memoryUsage;
if (memoryUsage > 0.9) {
  console.warn('High memory usage');
  // Reduce queue size or increase memory limits
}
