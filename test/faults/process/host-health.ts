import type { INestApplicationContext } from '@nestjs/common';
import { JobEvents, MessageQueueService } from '../../../src/message-queue/index.js';
import { QueueMonitor } from '../../../src/message-queue/operations/index.js';
import { FAULT_QUEUE } from './fault-queue.js';
import type { HostHealth } from './host-order.js';

/** What the apps of a process say of the queue, and what they told their host of. */
export class HealthOfHost {
  private readonly alerts: string[] = [];

  constructor(private readonly apps: readonly INestApplicationContext[]) {
    for (const app of apps)
      app.get(JobEvents).on('error', ({ error }) => void this.alerts.push(error.message));
  }

  /** The worst of them. */
  async report(): Promise<HostHealth> {
    const reports = await Promise.all(
      this.apps.map((app) => app.get(MessageQueueService).getQueueHealth(FAULT_QUEUE)),
    );
    const worst =
      reports.find(({ status }) => status === 'unhealthy') ??
      reports.find(({ status }) => status !== 'healthy');
    const { status, reasons } = worst ?? { status: 'healthy', reasons: [] };
    return { status, reasons: reasons.map(({ code }) => code), alerts: this.alerts };
  }

  /** Somebody has dealt with what was lost. */
  async acknowledgeLoss(): Promise<void> {
    await this.apps[0]?.get(QueueMonitor).acknowledgeLoss();
  }
}
