import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { refusesAll } from '../broker/broker.js';
import type { Broker, ServerReport } from '../broker/broker.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { historyWarning } from './history-memory.js';

/** Between two looks at a server that does not answer, milliseconds; each look waits for an answer itself. */
const LOOK_AGAIN_MS = 250;

/** Looks whether the servers are fit for queues before any job is run on them. */
@Injectable()
export class ServerGate {
  readonly #logger = new SafeLogger('MessageQueueModule');
  readonly #reports = new Map<Broker, ServerReport>();
  #isOpen = false;

  constructor(
    private readonly queues: RegisteredQueues,
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
  ) {}

  /** What the last look found; undefined before the first. */
  reportOf(broker: Broker): ServerReport | undefined {
    return this.#reports.get(broker);
  }

  /**
   * Looks once and warns of everything that should be changed.
   * @returns whether every server answers
   * @throws InvalidConfigurationError when one that answers is not fit, in production
   */
  async look(): Promise<boolean> {
    return this.#look(true);
  }

  /**
   * Resolves when every server has answered and is fit, or as soon as `isWanted` says no.
   * @throws InvalidConfigurationError as `look`
   */
  async untilFit(isWanted: () => boolean): Promise<void> {
    while (!this.#isOpen && isWanted()) {
      // A server that is away was warned of by the first look.
      if (!(await this.#look(false))) await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    }
  }

  async #look(warnsOfAbsence: boolean): Promise<boolean> {
    const brokers = this.queues.brokers();
    const reports = await Promise.all(brokers.map((broker) => broker.inspectServer()));
    brokers.forEach((broker, i) => this.#reports.set(broker, reports[i] as ServerReport));
    const reachable = reports.filter((report) => report.reachable && !refusesAll(report));
    const isComplete = reachable.length === reports.length;
    const said = isComplete || warnsOfAbsence ? reports : [];
    for (const { message } of said.flatMap(({ findings }) => findings)) this.#logger.warn(message);
    if (isComplete) this.#warnOfHistory(reports);
    // A Redis that is away or refuses comes back; one with the wrong settings does not change by itself.
    const fatal = reachable.flatMap(({ findings }) =>
      findings.filter(({ about, severity }) => about === 'setting' && severity === 'fatal'),
    );
    if (fatal.length > 0 && this.config.environment === 'production') {
      throw new InvalidConfigurationError(
        'Redis is not fit for queues, and this is production:',
        fatal.map(({ message }) => ({ path: 'redis', message })),
      );
    }
    this.#isOpen = isComplete;
    return isComplete;
  }

  /** In memory the history is bounded by itself. */
  #warnOfHistory(reports: readonly ServerReport[]): void {
    const queues = this.queues.names().map((name) => this.queues.get(name).definition);
    for (const { provider, memoryLimitBytes } of reports) {
      const limit = provider === 'redis' ? memoryLimitBytes : null;
      const warning = historyWarning(limit, this.config.operations.activity, queues);
      if (warning !== null) this.#logger.warn(warning);
    }
  }
}
