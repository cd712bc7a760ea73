import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { Issues } from '../../../kernel/values/issues.js';
import { text, wholeNumber } from '../../../kernel/values/kinds.js';
import type { ActivityMinute } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import { addRecord, COUNTER_AT, emptyRecord } from '../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../jobs/activity/activity-record.js';
import { runsOf, waitsOf } from '../../jobs/activity/durations.js';
import { BrokerUnavailableError, InvalidJobOptionsError } from '../../jobs/errors.js';
import type { Fleet } from './fleet.js';
import type { DeployMark, HistoryPoint, HistoryQuery, QueueHistory } from './queue-history.js';
import { packed, RolledHours, unpacked } from './rolled-hours.js';
import type { RolledHour } from './rolled-hours.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A history may be several MB where nothing of it is known yet. */
const ANSWER_TIMEOUT_MS = 10_000;
const STEP_MINUTES = wholeNumber(1, 60);
const JOB = text(1_000);

/** What of the past is read, and when that was decided. */
interface Span {
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly at: number;
  readonly from: number;
  readonly steps: number;
  readonly stepMinutes: number;
  readonly job: string | null;
  readonly deploys: readonly DeployMark[];
}

/** Reads what queues did over hours. */
export class Histories {
  private readonly rolled = new RolledHours();

  constructor(
    private readonly fleet: Fleet,
    private readonly historyHours: number,
  ) {}

  /**
   * What a queue did, step by step, all processes together. Its last step is under way.
   * @throws InvalidJobOptionsError, BrokerUnavailableError when the broker does not answer
   */
  async read(managed: ManagedQueue, query: HistoryQuery = {}): Promise<QueueHistory> {
    const span = await this.spanOf(managed, query);
    return historyOf(managed.definition.name, span, await this.recordsOf(managed, span));
  }

  /**
   * What several queues did, each by itself and all together, over the same steps.
   * @returns `all` has no name; null where there is no queue
   * @throws InvalidJobOptionsError, BrokerUnavailableError when a broker does not answer
   */
  async readAll(
    queues: readonly ManagedQueue[],
    query: HistoryQuery = {},
  ): Promise<{ readonly all: QueueHistory; readonly each: readonly QueueHistory[] } | null> {
    const [first] = queues;
    if (first === undefined) return null;
    const span = await this.spanOf(first, query);
    const records = await Promise.all(queues.map((one) => this.recordsOf(one, span)));
    const sums = Array.from({ length: span.steps }, emptyRecord);
    for (const some of records)
      for (const [step, record] of some.entries()) addRecord(sums[step] as ActivityRecord, record);
    const each = queues.map(({ definition }, i) => historyOf(definition.name, span, records[i] ?? []));
    return { all: historyOf('', span, sums), each };
  }

  private async spanOf({ broker, definition }: ManagedQueue, query: HistoryQuery): Promise<Span> {
    const { hours, stepMinutes, job } = this.checked(definition.name, query);
    const { at, deploys } = await this.fleet.recentLook(broker);
    const stepMs = stepMinutes * MINUTE_MS;
    const steps = Math.max(1, Math.round((hours * HOUR_MS) / stepMs));
    const from = Math.floor(at / stepMs) * stepMs - (steps - 1) * stepMs;
    return { at, from, steps, stepMinutes, job, deploys };
  }

  private async recordsOf({ broker, definition }: ManagedQueue, span: Span): Promise<ActivityRecord[]> {
    const { at, from, steps, stepMinutes, job } = span;
    const records = Array.from({ length: steps }, emptyRecord);
    const grain = greatestDivisor(stepMinutes, 60);
    for (const { minute, record } of await this.hoursOf(broker, definition.name, job, grain, from, at)) {
      const sum = records[Math.floor((minute - from) / (stepMinutes * MINUTE_MS))];
      if (sum !== undefined) addRecord(sum, record);
    }
    return records;
  }

  private checked(
    queue: string,
    query: HistoryQuery,
  ): { readonly hours: number; readonly stepMinutes: number; readonly job: string | null } {
    const { hours = Math.min(6, this.historyHours), stepMinutes = 1, job } = query;
    const issues = new Issues();
    issues.check('hours', hours, wholeNumber(1, this.historyHours));
    issues.check('stepMinutes', stepMinutes, STEP_MINUTES);
    issues.checkGiven('job', job, JOB);
    issues.throwIfAny(InvalidJobOptionsError, `The history of queue "${queue}" cannot be read:`, { queue });
    return { hours, stepMinutes, job: job ?? null };
  }

  /** What the hours have, the closed ones mostly from memory: what came later stands in later minutes. */
  private async hoursOf(
    broker: Broker,
    queue: string,
    job: string | null,
    grain: number,
    from: number,
    at: number,
  ): Promise<readonly { readonly minute: number; readonly record: ArrayLike<number> }[]> {
    const [first, last] = [Math.floor(from / HOUR_MS), Math.floor(at / HOUR_MS)];
    const keyOf = (hour: number): string => JSON.stringify([queue, job, grain, hour]);
    const known = new Map<number, RolledHour>();
    for (let hour = first; hour < last; hour++) {
      const rolled = this.rolled.get(broker, keyOf(hour));
      if (rolled !== undefined) known.set(hour, rolled);
    }
    const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
      (hour) => !known.has(hour),
    );
    const [oldest] = missing as [number];
    const minutes = await this.ask(broker, queue, oldest, last);
    const byHour = new Map<number, ActivityMinute[]>();
    for (const one of minutes) {
      const hour = Math.floor(one.minute / HOUR_MS);
      const ofHour = byHour.get(hour) ?? [];
      byHour.set(hour, ofHour);
      if (job === null || one.job === job) ofHour.push(one);
    }
    for (const hour of missing) {
      const rolled = rolledUp(byHour.get(hour) ?? [], grain);
      known.set(hour, rolled);
      // What was on its way when the hour ended is there by now.
      if ((hour + 1) * HOUR_MS + MINUTE_MS <= at) this.rolled.set(broker, keyOf(hour), rolled);
    }
    return [...known.values()].flatMap(unpacked);
  }

  private ask(broker: Broker, queue: string, from: number, to: number): Promise<readonly ActivityMinute[]> {
    const message = `The ${broker.provider} broker did not return the history of "${queue}" within ${ANSWER_TIMEOUT_MS} ms.`;
    const tooLate = (): Error => new BrokerUnavailableError(message, { queue });
    return answeredWithin(broker.activity.history(queue, from, to), ANSWER_TIMEOUT_MS, tooLate);
  }
}

/** @param minutes of one hour @param grain minutes; divides the hour */
function rolledUp(minutes: readonly ActivityMinute[], grain: number): RolledHour {
  const sums = new Map<number, ActivityRecord>();
  const grainMs = grain * MINUTE_MS;
  for (const { minute, record } of minutes) {
    const start = Math.floor(minute / grainMs) * grainMs;
    const sum = sums.get(start) ?? emptyRecord();
    sums.set(start, sum);
    addRecord(sum, record);
  }
  return packed(sums);
}

function historyOf(queue: string, span: Span, records: readonly ActivityRecord[]): QueueHistory {
  const { from, job, stepMinutes: step, deploys } = span;
  return {
    ...{ queue, job, step, from },
    points: records.map((record, i) => pointOf(from + i * step * MINUTE_MS, record)),
    deploys: deploys.filter((mark) => mark.at >= from).map(({ at, version }) => ({ at, version })),
  };
}

/** One step of a history. @param record what was counted within it */
export function pointOf(at: number, record: ActivityRecord): HistoryPoint {
  const of = (counter: keyof typeof COUNTER_AT): number => record[COUNTER_AT[counter]] as number;
  return {
    at,
    ...{ added: of('added'), completed: of('completed'), failed: of('failed'), retried: of('retried') },
    ...{ deferred: of('deferred'), dead: of('dead'), timedOut: of('timedOut'), refused: of('refused') },
    waitMs: waitsOf(record),
    runMs: runsOf(record),
  };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
