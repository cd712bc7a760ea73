import type { Queue } from 'bull';
import { replyOf } from '../../../kernel/redis/redis-replies.js';
import { OutageNotices } from './connections/outage-notices.js';
import type { RedisConnections } from './connections/redis-connections.js';
import type { BrokerProblem, ResolvedRedisBrokerOptions } from './redis-broker.options.js';

/** Tells the host, and who listens to a queue's `error`, what a broker could not do. */
export class BrokerProblems {
  readonly outage: OutageNotices;
  private connections: RedisConnections | null = null;

  /** @param queueOf the broker's queue of this name */
  constructor(
    private readonly options: Pick<ResolvedRedisBrokerOptions, 'onProblem' | 'onNotice'>,
    private readonly queueOf: (name: string) => Queue | undefined,
  ) {
    this.outage = new OutageNotices({
      failed: (message, cause, queue) =>
        options.onProblem({ kind: 'connection', message, cause, ...(queue !== undefined && { queue }) }),
      recovered: options.onNotice,
    });
  }

  /** While these are away, calls that fail are not reported one by one: the connections report the outage. */
  watch(connections: RedisConnections): void {
    this.connections = connections;
  }

  readonly report = (problem: BrokerProblem): void => {
    this.options.onProblem(problem);
    const cause = problem.cause instanceof Error ? problem.cause : new Error(problem.message);
    if (problem.queue !== undefined) this.emitError(problem.queue, cause);
  };

  /** What is repeated for each queue many times a second is reported once for all of them. */
  reportCall(queue: string, error: Error): void {
    if (replyOf(error) === null && this.connections?.isReady !== true) return;
    if (this.outage.refused(error, queue)) this.emitError(queue, error);
  }

  private emitError(name: string, cause: Error): void {
    this.queueOf(name)?.emit('error', cause);
  }
}
