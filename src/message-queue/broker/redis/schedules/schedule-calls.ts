import { EventEmitter } from 'node:events';
import type { Job, Queue } from 'bull';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { DEFAULT_JOB_NAME } from '../../rules/bull-arguments.js';
import type { SchedulesOfQueue } from '../../rules/schedules/schedule-care.js';
import { memberOf } from '../../rules/schedules/schedule-record.js';
import type { ScheduleRepeat } from '../../rules/schedules/schedule-record.js';

/** The job of a run, as its queue knows it. */
export interface QueuedRun {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly opts: object;
}

/** What a queue needs of its schedules. */
export interface QueueSchedules extends Pick<SchedulesOfQueue, 'change' | 'keep'> {
  /** A run of a schedule begins: the next one is planned. */
  goOn(job: QueuedRun): Promise<void>;
  /** A run of a schedule was shredded: there are no others. */
  endWith(job: QueuedRun): Promise<void>;
}

type Call = (...args: never[]) => Promise<unknown>;

/** Bull's methods that may remove the pending runs of schedules. */
const REMOVING = ['clean', 'empty', 'removeJobs'] as const;

/**
 * Lets Bull's calls about schedules go our road, and a schedule plan its run again when a call removes it.
 * @param schedules of the queue; asked for when a call comes
 * @param add adds a schedule
 */
export function answerScheduleCalls(
  queue: Queue<object>,
  schedules: () => QueueSchedules,
  add: (name: string, data: object, options: ManagedJobOptions) => Promise<Job<object>>,
): void {
  const methods = queue as unknown as Record<string, Call>;
  for (const name of REMOVING) {
    const remove = methods[name]?.bind(queue) as Call;
    methods[name] = async (...args) => {
      const answer = await remove(...args);
      await schedules().keep();
      return answer;
    };
  }
  const end = async (member: string): Promise<void> => {
    await schedules().change(member, 'forget');
  };
  methods['removeRepeatableByKey'] = end;
  methods['removeRepeatable'] = (...args: unknown[]) => {
    const [name, repeat] = typeof args[0] === 'string' ? args : [DEFAULT_JOB_NAME, args[0]];
    return end(memberOf(name as string, repeat as ScheduleRepeat));
  };
  // As in Bull: for a run that begins, plans the next one; for other options, adds a schedule.
  methods['nextRepeatableJob'] = (name: string, data: object, opts: ManagedJobOptions, isNew?: boolean) =>
    isNew === true || opts.prevMillis === undefined
      ? add(name, data, opts)
      : schedules().goOn({ id: String(opts.jobId), name, data, opts });
  // Not `on`: that is Bull's, which subscribes in Redis. A run that is not planned here is found lost later.
  EventEmitter.prototype.on.call(queue, 'removed', (job: Job | string) => {
    if (typeof job !== 'object' || job.opts.repeat === undefined) return;
    schedules()
      .keep()
      .catch(() => undefined);
  });
}
