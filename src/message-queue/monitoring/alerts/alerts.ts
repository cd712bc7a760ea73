import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { Issues } from '../../../kernel/values/issues.js';
import { id as named, isRecord, moment, oneOf, text } from '../../../kernel/values/kinds.js';
import type { BrokerLook, StoredAlert } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { BrokerUnavailableError, InvalidJobOptionsError } from '../../jobs/errors.js';
import { calmAlert } from './alert-state.js';
import type { AlertStatus } from './alert-status.js';
import type { AlertWatches } from './alert-watches.js';
import { ALERT_RULE_NAMES, ALERT_RULES } from './rules/alert-rules.js';
import type { AlertRuleName } from './rules/alert-rules.js';
import { alertOf, shownAlert, worstAlertsFirst } from './shown-alert.js';

/** For how long sinks are told nothing of an alert, and who wants that. */
export interface MuteCall {
  /** At most 30 days ahead. */
  readonly until: Date | string | number;
  /** Who mutes it, 1 to 200 characters: shown beside the alert. */
  readonly by: string;
}

const ANSWER_TIMEOUT_MS = 2_000;
const LONGEST_MUTE_MS = 30 * 86_400_000;
/** How often a change is tried again when somebody else moves the alert at the same time. */
const TRIES = 5;
const BY = text(200);
const MOMENT = moment();

/** The alerts of the fleet: where each stands, whom it was told, muted or not. The same from every process. */
export class Alerts {
  constructor(
    private readonly queues: ManagedQueues,
    private readonly watches: AlertWatches,
    private readonly runbookUrl: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Every alert that is or was wrong, the worst first; muted ones too. While a broker is away, what this process knows of that alone.
   * @throws BrokerUnavailableError when a broker does not answer within 2 s, before that has become an alert
   */
  async list(): Promise<readonly AlertStatus[]> {
    const away = this.watches.own();
    const stored = await Promise.all(
      this.brokers().map((broker) =>
        this.storedIn(broker).catch((error: unknown) => thrownUnless(away, error)),
      ),
    );
    return this.shown(away, stored.flat());
  }

  /** The same of looks that were made. */
  listIn(looks: readonly Pick<BrokerLook, 'alerts'>[]): readonly AlertStatus[] {
    return this.shown(
      this.watches.own(),
      looks.flatMap((look) => look.alerts),
    );
  }

  /**
   * Tells nobody of an alert until then. It goes on being judged and shown; what happens meanwhile is told afterwards, if it still holds.
   * @param id `<rule>`, or `<rule>|<queue>`
   * @throws InvalidJobOptionsError, BrokerUnavailableError
   */
  async mute(id: string, call: MuteCall): Promise<AlertStatus> {
    const issues = new Issues();
    const { until, by } = isRecord(call) ? call : ({} as MuteCall);
    checkId(id, issues);
    issues.check('until', until, MOMENT);
    issues.check('by', by, BY);
    const at = new Date(until).getTime();
    const aheadMs = at - this.clock.now();
    const isAhead = Number.isNaN(aheadMs) || (aheadMs > 0 && aheadMs <= LONGEST_MUTE_MS);
    issues.unless(isAhead, 'until', 'must be in the future, by at most 30 days');
    issues.throwIfAny(InvalidJobOptionsError, 'The alert was not muted:');
    return this.change(id, { mutedUntil: at, mutedBy: by });
  }

  /** Tells of it again. Nothing changes where it is not muted. @throws as {@link mute} */
  async unmute(id: string): Promise<AlertStatus> {
    const issues = new Issues();
    checkId(id, issues);
    issues.throwIfAny(InvalidJobOptionsError, 'The alert was not unmuted:');
    return this.change(id, { mutedUntil: null, mutedBy: null });
  }

  private shown(away: readonly AlertStatus[], stored: readonly StoredAlert[]): readonly AlertStatus[] {
    return worstAlertsFirst([...away, ...stored.map((alert) => shownAlert(alert, this.runbookUrl))]);
  }

  private async change(
    id: string,
    change: Pick<StoredAlert, 'mutedUntil' | 'mutedBy'>,
  ): Promise<AlertStatus> {
    const { rule, queue } = alertOf(id);
    const broker = this.brokerOf(queue);
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = (await this.storedIn(broker)).find((one) => one.rule === rule && one.queue === queue);
      const was = stored ?? calmAlert(rule, queue, broker.now());
      const next = { ...was, ...change, version: was.version + 1 };
      const moved = broker.activity.moveAlert(next);
      if (await answeredWithin(moved, ANSWER_TIMEOUT_MS, () => unanswered(broker))) {
        return shownAlert(next, this.runbookUrl);
      }
    }
    throw new BrokerUnavailableError(
      `The alert "${id}" was changed by somebody else ${TRIES} times at the same time. The same call again is safe.`,
    );
  }

  private async storedIn(broker: Broker): Promise<readonly StoredAlert[]> {
    const look = answeredWithin(broker.activity.look([]), ANSWER_TIMEOUT_MS, () => unanswered(broker));
    return (await look).alerts;
  }

  private brokers(): readonly Broker[] {
    return [...new Set(this.queues.names().map((name) => this.queues.get(name).broker))];
  }

  /** That of the queue; for one that this process has not registered, and for what is of no queue, the app's own. */
  private brokerOf(queue: string): Broker {
    const names = this.queues.names();
    return this.queues.get(names.includes(queue) ? queue : (names[0] ?? '')).broker;
  }
}

function checkId(id: unknown, issues: Issues): void {
  if (typeof id !== 'string') {
    issues.check('id', id, named(500));
    return;
  }
  const { rule, queue } = alertOf(id);
  issues.check('id', rule, oneOf(...ALERT_RULE_NAMES));
  if (!ALERT_RULE_NAMES.includes(rule as AlertRuleName)) return;
  const { about } = ALERT_RULES[rule as AlertRuleName];
  const isWhole = (about === 'queue') === (queue !== '');
  issues.unless(
    isWhole,
    'id',
    about === 'queue' ? `must name a queue: "${rule}|<queue>"` : `must be "${rule}"`,
  );
  issues.unless(about !== 'process', 'id', 'is judged by each process for itself, and told once an hour');
}

function unanswered(broker: Broker): BrokerUnavailableError {
  return new BrokerUnavailableError(
    `The ${broker.provider} broker did not answer about the alerts within ${ANSWER_TIMEOUT_MS} ms. The same call again is safe.`,
  );
}

/** Where it is known already that a broker is away, that is the answer. */
function thrownUnless(away: readonly AlertStatus[], error: unknown): [] {
  if (away.length > 0) return [];
  throw error;
}
