import { expiryOf } from '../../../admission/flow/due-time.js';
import { priorityField } from '../../../admission/stored-options.js';
import type { FlowPolicy } from '../../../jobs/flow/flow-policy.js';
import { groupsOf } from '../../../jobs/flow/group-name.js';
import { flowText } from '../flow-text.js';
import type {
  ScheduleAction,
  ScheduleCare,
  ScheduleLook,
  SchedulesOfQueue,
} from '../../rules/schedules/schedule-care.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { JOB_ADDED } from '../../rules/events/local-events.js';
import {
  begun,
  caredFor,
  forgotten,
  paused,
  planAfter,
  removed,
  resumed,
  shredded,
  upserted,
} from '../../rules/schedules/schedule-changes.js';
import type { ChangeTime, ScheduleAddition, ScheduleChange } from '../../rules/schedules/schedule-changes.js';
import { definitionOfAdd } from '../../rules/schedules/schedule-definition.js';
import { memberOf, runDetails, runIdOf, runOf } from '../../rules/schedules/schedule-record.js';
import type { ScheduledRun, StoredSchedule } from '../../rules/schedules/schedule-record.js';
import { internalsOf } from '../bull/bull-internals.js';
import { unasked, unlessAway } from '../connections/unless-away.js';
import type { LuaScript } from '../scripts/lua-script.js';
import { addScheduleScript, changeScheduleScript, SCHEDULE_FIELDS } from './schedules.lua.js';
import type { QueuedRun } from './schedule-calls.js';
import { ScheduleReader } from './schedule-reader.js';
import type { Found, SchedulesParts } from './schedule-reader.js';

/** What became of the add of a schedule. */
export interface AddedSchedule {
  readonly addition: ScheduleAddition;
  /** Of its next run, or of the last one when it has ended. */
  readonly id: string;
  /** Its next run; null when it has ended. */
  readonly run: ScheduledRun | null;
}

const CHANGES = { pause: paused, resume: resumed, remove: removed, forget: forgotten };

/** The schedules of one queue. How they live is the rule of both providers; each change of one is one step in Redis. */
export class RedisSchedules implements SchedulesOfQueue {
  private readonly reader: ScheduleReader;

  constructor(private readonly parts: SchedulesParts) {
    this.reader = new ScheduleReader(parts);
  }

  /**
   * Adds a schedule, or changes it.
   * @param data the payload as JSON
   * @param options with `repeat`, admitted
   */
  async add(name: string, data: string, options: ManagedJobOptions): Promise<AddedSchedule> {
    const wanted = definitionOfAdd(name, data, options);
    for (;;) {
      const found = await this.reader.find(wanted.key);
      const time = this.time();
      const { change, addition } = upserted(found, wanted, time);
      const isNew = addition === 'created';
      if (isNew && change.nextAt === null) return { addition, id: '', run: null };
      const done = await this.apply(change, found, isNew ? addScheduleScript : changeScheduleScript);
      if (done === null) continue;
      const { to, nextAt } = done;
      const run = to === null || nextAt === null ? null : runOf(to, nextAt, time.now);
      return { addition, id: run?.id ?? to?.last?.jobId ?? '', run };
    }
  }

  /** A run begins: the next one is planned. */
  goOn(job: QueuedRun): Promise<void> {
    return this.changeByRun(job, begun);
  }

  /** A run was shredded: so is what it would run again. */
  endWith(job: QueuedRun): Promise<void> {
    return this.changeByRun(job, shredded);
  }

  change(key: string, action: ScheduleAction): Promise<boolean> {
    return this.answer('changing a schedule', () => this.changeBy(key, CHANGES[action]));
  }

  async look(): Promise<ScheduleLook[]> {
    const looks = await this.answer('reading schedules', () => this.reader.look());
    return looks.map(({ found, run }) => ({ schedule: found, run }));
  }

  keep(): Promise<ScheduleCare> {
    return this.answer('keeping schedules', () => this.keepAll());
  }

  private async keepAll(): Promise<ScheduleCare> {
    const [revived, dead]: [string[], string[]] = [[], []];
    for (const { found, run } of await this.reader.look()) {
      const change = caredFor(found, run ?? 'gone', this.time());
      if (change === null) {
        if (found.record === null && run === 'gone') dead.push(found.key);
        continue;
      }
      const done = await this.apply(change, found, changeScheduleScript);
      if (done !== null && done.nextAt !== null) revived.push(found.key);
    }
    return { revived, dead };
  }

  private async changeByRun(job: QueuedRun, changed: typeof begun): Promise<void> {
    const run = runDetails(job);
    if (run === null) return;
    const data = JSON.stringify(job.data);
    await this.changeBy(run.member, (found, time) => changed(found, { ...job, data }, time));
  }

  /** @returns whether there is such a schedule */
  private async changeBy(
    key: string,
    changed: (found: StoredSchedule, time: ChangeTime) => ScheduleChange | null,
  ): Promise<boolean> {
    for (;;) {
      const found = await this.reader.find(key);
      if (found === null) return false;
      const change = changed(found, this.time());
      if (change === null || (await this.apply(change, found, changeScheduleScript)) !== null) return true;
    }
  }

  /** @returns what was stored; null when what was read has changed meanwhile */
  private async apply(
    change: ScheduleChange,
    found: Found | null,
    script: LuaScript,
  ): Promise<ScheduleChange | null> {
    const { queue, scripts } = this.parts;
    const { to, nextAt } = change;
    const time = this.time();
    const run = to === null || nextAt === null ? null : runOf(to, nextAt, time.now);
    const args = this.argumentsOf(change, found, run);
    const reply = await scripts.runPatiently(script, queue.base, args);
    if (reply === 'changed') return null;
    if (reply === 'finished') return this.apply(planAfter(change, time), found, script);
    // A run that only takes the place of itself was told before.
    const isTold = found !== null && found.nextAt !== null && run?.id === runIdOf(found.member, found.nextAt);
    if (reply === 'added' && run !== null && !isTold) queue.emit(JOB_ADDED, run.id, run.name);
    return change;
  }

  private argumentsOf(
    { key, to, nextAt }: ScheduleChange,
    found: Found | null,
    run: ScheduledRun | null,
  ): (string | number)[] {
    const { flow } = this.parts.queue.definition;
    const isSame = found !== null && to === found.record && nextAt === found.nextAt;
    const wasPlanned = found !== null && found.nextAt !== null;
    const fields: Record<(typeof SCHEDULE_FIELDS)[number], string | number> = {
      ...{ token: internalsOf(this.parts.queue).token, key, record: found?.text ?? '' },
      ...{ member: found?.member ?? '', nextAt: found?.nextAt ?? '' },
      newRecord: to === null ? '' : isSame && found.text !== '' ? found.text : JSON.stringify(to),
      newMember: run === null || to === null ? '' : memberOf(to.name, to.repeat),
      newNextAt: nextAt ?? '',
      dropped: wasPlanned && !isSame ? runIdOf(found.member, found.nextAt) : '',
      policy: flowText(flow, this.parts.queue),
      ...runFields(run, flow),
    };
    return SCHEDULE_FIELDS.map((field) => fields[field]);
  }

  /** Waits for an answer, unless Redis is known to be away: then nothing is asked. */
  private async answer<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { queue, connections, waits } = this.parts;
    if (!waits && (connections.isAway || connections.silence.isOn)) {
      throw unasked(queue.name, what, connections);
    }
    return unlessAway(queue.name, what, connections, ask());
  }

  private time(): ChangeTime {
    const { connections, queue } = this.parts;
    return { now: connections.clock.now(), minRepeatMs: queue.definition.minRepeatMs };
  }
}

type RunField =
  'run' | 'name' | 'data' | 'opts' | 'timestamp' | 'delay' | 'priority' | 'group' | 'tenant' | 'expires';

const NO_RUN: Record<RunField, ''> = {
  ...{ run: '', name: '', data: '', opts: '', timestamp: '', delay: '', priority: '', group: '', tenant: '' },
  expires: '',
};

function runFields(
  run: ScheduledRun | null,
  flow: FlowPolicy | undefined,
): Record<RunField, string | number> {
  if (run === null) return NO_RUN;
  const { group = '', tenant = '' } = groupsOf(flow, run.name, run.options.mq);
  const { delay = 0, timestamp = 0, priority = 0 }: ManagedJobOptions = run.options;
  return {
    ...{ run: run.id, name: run.name, data: run.data, opts: JSON.stringify(run.options) },
    ...{ timestamp, delay, priority: priorityField(priority), group, tenant },
    expires: expiryOf(run.options) ?? '',
  };
}
