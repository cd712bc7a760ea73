import type { OnApplicationShutdown, Provider } from '@nestjs/common';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Broker } from '../../broker/broker.js';
import type { BrokerProblem } from '../../broker/redis/redis-broker.options.js';
import { messageKind } from '../../../kernel/logging/message-kind.js';
import { printable } from '../../../kernel/logging/printable.js';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import { Clock } from '../../../kernel/time/clock.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import { EventLog } from '../../telemetry/logs/event-log.js';
import { ActivityReporters } from '../../monitoring/activity/activity-reporters.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { getBrokerToken, getConfigToken } from '../../message-queue.tokens.js';

/** Closes a broker when everything that might still add a job is gone: last of all shutdown hooks. Before that it is told what that did. */
class BrokerCloser implements OnApplicationShutdown {
  constructor(
    private readonly broker: Broker,
    private readonly reporters: ActivityReporters,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.reporters.leave(this.broker);
    await this.broker.close();
  }
}

/** What opens and closes a registration's broker: the app's, or that of a further Redis. */
export function brokerProviders(configKey: string | undefined): Provider[] {
  const token = getBrokerToken(configKey);
  return [
    {
      provide: token,
      useFactory: (
        config: MessageQueueConfig,
        clock: Clock,
        events: JobEvents,
        lines: RepeatedLines,
        log: EventLog,
      ) => createBroker(config, clock, { events, lines, log }),
      inject: [getConfigToken(configKey), Clock, JobEvents, RepeatedLines, EventLog],
    },
    {
      provide: BrokerCloser,
      useFactory: (broker: Broker, reporters: ActivityReporters) => new BrokerCloser(broker, reporters),
      inject: [token, ActivityReporters],
    },
  ];
}

/** Opens the broker that a configuration asks for; the other one's code is not even loaded. */
function createBroker(config: MessageQueueConfig, clock: Clock, told: ProblemsTold): Broker {
  const { prefix, enqueueTimeoutMs, whenUnavailable, spool, lock, maxCrashes, memory, redisGuarantees } =
    config;
  const { historyHours } = config.operations.activity;
  if (config.provider === 'sync') {
    const { SyncBroker } =
      require('../../broker/sync/sync-broker.js') as typeof import('../../broker/sync/sync-broker.js');
    new SafeLogger('MessageQueueModule').log(SYNC_NOTICE);
    return new SyncBroker({ clock, prefix, historyHours, ...memory });
  }
  if (config.redis === null) {
    const { MemoryBroker } =
      require('../../broker/memory/memory-broker.js') as typeof import('../../broker/memory/memory-broker.js');
    return new MemoryBroker({ clock, prefix, historyHours, ...memory });
  }
  const { RedisBroker } =
    require('../../broker/redis/redis-broker.js') as typeof import('../../broker/redis/redis-broker.js');
  const logger = new SafeLogger('MessageQueueModule');
  return new RedisBroker({
    redis: config.redis,
    guarantees: redisGuarantees,
    prefix,
    enqueueTimeoutMs,
    whenUnavailable,
    spool,
    historyHours,
    lock,
    // One more than makes a dead letter, so that the letter shows them all.
    maxCrashes: maxCrashes + 1,
    onProblem: (problem) => report(problem, logger, told),
    onNotice: (message) => logger.log(message),
  });
}

/** What a start says with the provider `sync`: it is a way back, and no place to stay unnoticed. */
const SYNC_NOTICE =
  'Provider "sync": an add runs its job in this process before it resolves, once, and rejects when it fails. Nothing is asked of Redis, and jobs that are there stay there.';

/** Who is told of problems. */
interface ProblemsTold {
  readonly events: JobEvents;
  readonly lines: RepeatedLines;
  readonly log: EventLog;
}

function report(problem: BrokerProblem, logger: SafeLogger, { events, lines, log }: ProblemsTold): void {
  const { kind, queue, jobId, message, cause } = problem;
  const text = printable(queue === undefined ? message : `${queue}: ${message}`);
  const about = jobId === undefined ? messageKind(message) : '';
  if (log.hasFields) log.problem(queue, message, `${kind}\n${about}`);
  else
    lines.add({
      kind: ['problem', kind, queue ?? '', about].join('\n'),
      write: () => logger.warn(text),
      sum: ({ count, seconds }) =>
        logger.warn(`${count} more problems of this kind in ${seconds} s, the last of them: ${text}`),
    });
  events.emit('error', { queue, error: cause instanceof Error ? cause : new Error(message) });
}
