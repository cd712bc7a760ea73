import { bufferedEventBus } from './running-bus.js';

const workerStats = bufferedEventBus.getWorkerStatistics();

console.log('Worker Stats:', {
  totalWorkers: workerStats.totalWorkers,
  activeWorkers: workerStats.activeWorkers,
  idleWorkers: workerStats.idleWorkers,
  averageProcessingTime: workerStats.averageProcessingTime,
  totalEventsProcessed: workerStats.totalEventsProcessed
});
