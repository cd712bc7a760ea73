import { bufferedEventBus } from './running-bus.js';

const health = await bufferedEventBus.getHealthStatus();

console.log('System Health:', {
  status: health.status,           // 'healthy', 'degraded', 'unhealthy'
  activeWorkers: health.activeWorkers,
  queueDepth: health.queueDepth,
  processingRate: health.processingRate,
  alerts: health.alerts
});
