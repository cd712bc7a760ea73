import { bufferedEventBus } from './running-bus.js';

// Check if workers are overwhelmed
const metrics = bufferedEventBus.getMetrics();
if (metrics.queueMetrics.size > 5000) {
  console.warn('High queue depth detected');
  // Consider scaling workers or optimizing handlers
}
