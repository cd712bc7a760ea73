import { bufferedEventBus } from './running-bus.js';

// Dynamically adjust worker count based on load
const currentLoad = bufferedEventBus.getMetrics().queueMetrics.utilization;

if (currentLoad > 0.8) {
  // Scale up workers
  await bufferedEventBus.scaleWorkers(8);
} else if (currentLoad < 0.2) {
  // Scale down workers
  await bufferedEventBus.scaleWorkers(2);
}
