import { Injectable } from '@nestjs/common';
import type { HealthReason } from '../../monitoring/queue-health.js';
import { QueueMonitor } from '../../monitoring/queue-monitor.js';

/** Which queues count. */
export interface HealthIndicatorOptions {
  /** Names. Default: all of the app, and what is wrong beside them. */
  readonly queues?: readonly string[];
}

/** What `@nestjs/terminus` 11 and 12 take as the result of an indicator. */
export type HealthIndicatorAnswer<Key extends string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Codes of what is wrong, those of a queue behind its name; without their texts, since health pages are often open to all. */
    readonly unhealthy?: readonly string[];
    readonly degraded?: readonly string[];
  }
>;

interface NamedReason {
  readonly severity: HealthReason['severity'];
  readonly code: string;
}

/**
 * The health of the queues for `@nestjs/terminus`: inject it beside terminus' own indicators. It needs nothing of that package itself.
 *
 * ```ts
 * \@Get() \@HealthCheck()
 * check() { return this.health.check([() => this.queues.isHealthy('queues')]); }
 * ```
 */
@Injectable()
export class MessageQueueHealthIndicator {
  constructor(private readonly monitor: QueueMonitor) {}

  /**
   * `down` when a queue, or what all of them need, is unhealthy; degraded is up. For dashboards and alerts rather than for a readiness probe: it is
   * the same in every process.
   * @param key what the result stands under
   * @throws UnknownQueueError for a queue that is not registered
   */
  async isHealthy<Key extends string>(
    key: Key,
    { queues }: HealthIndicatorOptions = {},
  ): Promise<HealthIndicatorAnswer<Key>> {
    const reasons = queues === undefined ? await this.#ofAll() : await this.#ofSome(queues);
    const codes = (severity: HealthReason['severity']): string[] => [
      ...new Set(reasons.filter((reason) => reason.severity === severity).map(({ code }) => code)),
    ];
    const [unhealthy, degraded] = [codes('unhealthy'), codes('degraded')];
    const answer = {
      status: unhealthy.length === 0 ? 'up' : 'down',
      ...(unhealthy.length > 0 && { unhealthy }),
      ...(degraded.length > 0 && { degraded }),
    } as const;
    return { [key]: answer } as HealthIndicatorAnswer<Key>;
  }

  async #ofAll(): Promise<readonly NamedReason[]> {
    const { reasons, queues } = await this.monitor.overallHealth();
    return [...reasons, ...Object.values(queues).flatMap(({ queue, reasons: own }) => named(queue, own))];
  }

  async #ofSome(queues: readonly string[]): Promise<readonly NamedReason[]> {
    const health = await Promise.all([...new Set(queues)].map((name) => this.monitor.health(name)));
    return health.flatMap(({ queue, reasons }) => named(queue, reasons));
  }
}

function named(queue: string, reasons: readonly HealthReason[]): NamedReason[] {
  return reasons.map(({ severity, code }) => ({ severity, code: `${queue}: ${code}` }));
}
