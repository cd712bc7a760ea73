import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../kernel/time/repeated-task.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import type { BrokerLook } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import type { AlertDelivery } from './alert-delivery.js';
import { evaluate } from './alert-evaluation.js';
import { isAlive } from '../activity/recent-activity.js';
import { worksOn } from './alert-figures.js';
import type { AlertSettings } from './settings/alert-settings.js';
import { snapshotOf } from './alert-snapshot.js';
import type { AlertStatus } from './alert-status.js';
import { limitsOf } from './settings/alert-limits.js';
import { UnreachableBroker } from './unreachable-broker.js';

/** What the alerts of one broker are watched with. */
export interface AlertWatchParts {
  readonly broker: Broker;
  /** This process, by its id among all of them. */
  readonly instance: string;
  /** Queues of this process that the broker keeps. */
  readonly registered: readonly ManagedQueue[];
  /** What this process has counted included. */
  readonly look: () => Promise<BrokerLook>;
  readonly delivery: AlertDelivery;
  readonly settings: AlertSettings;
  /** Whether jobs can run in this process. */
  readonly worksHere: boolean;
  readonly clock: Clock;
}

/** How long one process stays the one that evaluates without renewing that, milliseconds. */
const LEASE_MS = 15_000;
/** How often it is renewed, or others ask for it. */
const RENEW_EVERY_MS = 5_000;
const ANSWER_TIMEOUT_MS = 5_000;
const STOP_TIMEOUT_MS = 500;

/**
 * Has the alerts of one broker evaluated by one process of the fleet: a worker where one lives, else any. Where an alert stands is kept in the
 * broker, so that a new leader goes on where the last one stopped.
 */
export class AlertWatch {
  private readonly logger = new SafeLogger('Alerts');
  private readonly task: RepeatedTask;
  private readonly clock: Clock;
  private readonly unreachable: UnreachableBroker;
  private readonly tickMs: number;
  private evaluateAt = Number.NEGATIVE_INFINITY;
  private isLeader = false;
  private hasFailed = false;

  constructor(private readonly parts: AlertWatchParts) {
    const { settings, broker } = parts;
    this.clock = parts.clock.steady();
    const limits = limitsOf('BrokerUnreachable', undefined, settings.rules);
    this.unreachable = new UnreachableBroker(limits, settings.runbookUrl, broker.provider);
    this.tickMs = Math.min(RENEW_EVERY_MS, settings.everyMs);
    this.task = new RepeatedTask({
      clock: parts.clock,
      turn: async () => {
        await this.turn();
        return this.tickMs;
      },
      failed: () => this.tickMs,
    });
  }

  /** Begins; a second call does nothing. */
  start(): void {
    void this.task.start(this.tickMs);
  }

  /** Ends, and lets another process go on at once. Waits briefly for the turn under way. */
  async stop(): Promise<void> {
    await settlesWithin(this.task.stop(), STOP_TIMEOUT_MS);
    await settlesWithin(this.giveUp(), STOP_TIMEOUT_MS);
  }

  /** The alert that only this process knows of: its broker does not answer. */
  status(): AlertStatus | null {
    return this.unreachable.status();
  }

  /** Leads if it may, and evaluates if that is due. Never rejects. */
  async turn(): Promise<void> {
    const look = await this.reach(() => this.lead());
    if (look === null) return;
    const { broker, registered, worksHere, settings, delivery } = this.parts;
    try {
      const snapshot = await snapshotOf(look, broker, registered, worksHere);
      for (const alert of await evaluate(snapshot, broker.activity, settings)) {
        delivery.deliver(alert, look.at, broker.activity);
      }
      this.hasFailed = false;
    } catch (error) {
      this.report(error);
    }
  }

  /** @returns what is to be judged now, null where it is not due or not ours; undefined where nobody was asked */
  private async lead(): Promise<BrokerLook | null | undefined> {
    const { broker, worksHere, settings, look } = this.parts;
    const isDue = this.clock.now() >= this.evaluateAt;
    if (!isDue && !worksHere && !this.isLeader) return undefined;
    if (isDue) this.evaluateAt = this.clock.now() + settings.everyMs;
    const seen = isDue ? await look() : null;
    // Workers are asked first: where one lives, the others step back.
    const isForWorkers =
      !worksHere && seen?.instances.some((one) => worksOn(one) && isAlive(one, seen.at)) === true;
    if (isForWorkers) await this.giveUp();
    else this.isLeader = await broker.activity.holdLeadership(this.parts.instance, LEASE_MS);
    return this.isLeader ? seen : null;
  }

  private async giveUp(): Promise<void> {
    if (!this.isLeader) return;
    this.isLeader = false;
    await this.parts.broker.activity.giveUpLeadership(this.parts.instance);
  }

  /** @returns null where the broker does not answer, or refuses */
  private async reach(ask: () => Promise<BrokerLook | null | undefined>): Promise<BrokerLook | null> {
    const begunAt = this.clock.now();
    try {
      const answer = await answeredWithin(ask(), ANSWER_TIMEOUT_MS, () => new Error('no answer'));
      if (answer !== undefined) this.note(true, begunAt);
      return answer ?? null;
    } catch (error) {
      this.isLeader = false;
      const isRefusal = error instanceof BrokerUnavailableError && error.reply !== null;
      this.note(isRefusal, begunAt);
      if (isRefusal) this.report(error);
      return null;
    }
  }

  private note(hasAnswered: boolean, begunAt: number): void {
    const notice = this.unreachable.noted(hasAnswered, begunAt, this.clock.now());
    if (notice !== null) this.parts.delivery.tell(notice);
  }

  /** Once, until it goes well again. */
  private report(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!this.hasFailed) this.logger.error(`Alerts are not evaluated for now: ${why}`);
    this.hasFailed = true;
  }
}
