import { bufferedEventBus } from './running-bus.js';

// Monitor worker health
const health = await bufferedEventBus.getHealthStatus();
if (health.status === 'unhealthy') {
  console.error('System unhealthy:', health.alerts);
  // Check logs and restart if necessary
}
