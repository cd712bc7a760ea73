import type { Alert, EventQueueMetrics as QueueMetrics, EventRetryStats as RetryStats } from 'nestjs-message-queue/buffered-events';

interface EventOptions {
  priority?: EventPriority;
  correlationId?: string;
}

type EventPriority = 'critical' | 'normal' | 'low';

interface EventSystemMetrics {
  queueMetrics: QueueMetrics;
  retryStats: RetryStats;
}

interface HealthCheckResult {
  status: 'healthy' | 'degraded' | 'unhealthy';
  activeWorkers: number;
  queueDepth: number;
  processingRate: number;
  alerts: Alert[];
}

export type { EventOptions, EventPriority, EventSystemMetrics, HealthCheckResult };
