import { Logger } from '@nestjs/common';
import { runConformance } from '../conformance/run-conformance.js';
import { AlertStage, memoryAlerts, redisAlerts } from './alert-stage.js';
import { incidentCases, leaderCases, sinkCases } from './alerts.cases.js';

Logger.overrideLogger(false);

runConformance({
  seam: 'alerts',
  subjects: {
    'an alert': incidentCases,
    alerts: leaderCases,
    'a sink': sinkCases,
  },
  providers: (redis) => [redisAlerts(redis), memoryAlerts],
  open: (provider) => new AlertStage(provider),
});
