import type { Clock } from '../../../kernel/time/clock.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import { refusesAll } from '../../broker/broker.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';

/** How long an answer of the broker counts, milliseconds. */
const ANSWER_COUNTS_MS = 10_000;
/** From when an answer is old enough to ask for another, milliseconds. */
const ASK_AGAIN_MS = 4_000;
/** How long whoever asks waits for the broker, milliseconds; kubelets wait a second for us. */
const WAIT_MS = 800;

/** When the brokers of the app last answered. They are asked only when somebody asks here, at most every 4 s. */
export class BrokerAnswers {
  readonly #clock: Clock;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(
    private readonly queues: ManagedQueues,
    clock: Clock,
  ) {
    this.#clock = clock.steady();
  }

  /** Whether every broker answered within the last 10 s; takes 0.8 s at most. */
  async areRecent(): Promise<boolean> {
    if (this.#ageMs() >= ASK_AGAIN_MS) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = null));
      await settlesWithin(this.#asking, WAIT_MS);
    }
    return this.#ageMs() < ANSWER_COUNTS_MS;
  }

  #ageMs(): number {
    return this.#clock.now() - this.#answeredAt;
  }

  async #ask(): Promise<void> {
    const startedAt = this.#clock.now();
    const brokers = new Set(this.queues.names().map((name) => this.queues.get(name).broker));
    const answers = await Promise.all([...brokers].map(doesAnswer));
    if (answers.every(Boolean)) this.#answeredAt = startedAt;
  }
}

async function doesAnswer(broker: Broker): Promise<boolean> {
  try {
    const report = await broker.inspectServer();
    return report.reachable && !refusesAll(report);
  } catch {
    return false;
  }
}
