import type { Job, Queue } from 'bull';
import { BrokerUnavailableError, MessageQueueError, QueueFullError } from '../../src/message-queue/index.js';
import type { MessageQueueService } from '../../src/message-queue/index.js';
import { SPARE, STILL } from './round.js';

/** What the calls are made on. */
export interface Subjects {
  readonly service: MessageQueueService;
  readonly still: Queue;
  readonly spare: Queue;
  /** A job of its own for each name. */
  readonly job: (name: CalledJob) => Job;
  readonly round: string;
}

/** Jobs that wait in the queue `still`, one for each call that changes its job; `DEAD` are dead letters, `LATER` is delayed. */
export const WAITING = ['read', 'change', 'remove', 'cancel', 'move'] as const;
export const DEAD = ['replay', 'retry', 'discard'] as const;
export const LATER = ['promote'] as const;
export type CalledJob = (typeof WAITING | typeof DEAD | typeof LATER)[number];

type Call = (subjects: Subjects) => Promise<unknown>;

/** What adds. */
export const ADDS: Readonly<Record<string, Call>> = {
  add: ({ service, round }) => service.enqueue(SPARE, 'work', { round, act: 'take' }),
  'add with options': ({ service, round }) =>
    service.enqueue(SPARE, 'work', { round, act: 'take' }, { delay: 60_000, idempotencyKey: round }),
  bulk: async ({ service, round }) => {
    const [first] = await service.enqueueMany(SPARE, 'work', [{ payload: { round, act: 'take' } }]);
    if (first?.outcome === 'rejected' || first?.outcome === 'unknown') throw first.error;
  },
  'add of Bull': ({ spare, round }) => spare.add('work', { round, act: 'take' }),
  'bulk of Bull': ({ spare, round }) => spare.addBulk([{ name: 'work', data: { round, act: 'take' } }]),
  schedule: ({ service, round }) =>
    service.enqueue(SPARE, 'work', { round, act: 'take' }, { repeat: { every: 3_600_000 } }),
};

/** What asks. */
export const ASKS: Readonly<Record<string, Call>> = {
  cancel: ({ service, job }) => service.cancelJob('still', idOf(job('cancel')), 'no'),
  replay: ({ service, job }) => service.retryFailedJob('still', idOf(job('replay'))),
  pause: ({ service }) => service.pauseQueue('spare'),
  'read job': ({ service, job }) => service.getJob('still', idOf(job('read'))),
  'read dead letters': ({ service }) => service.getFailedJobs('still'),
  'read stats': ({ service }) => service.getQueueStats('still'),
  'job.getState': ({ job }) => job('read').getState(),
};

/** Everything else that a host may call: of the service, of Bull's queue, of Bull's job. */
export const OTHERS: Readonly<Record<string, Call>> = {
  discard: ({ service, job }) => service.removeFailedJob('still', idOf(job('discard'))),
  'replay of many': ({ service }) => service.retryFailedJobs('spare'),
  purge: ({ service }) => service.purgeQueue('spare'),
  clean: ({ service }) => service.cleanQueue('spare'),
  'upsert schedule': ({ service, round }) =>
    service.schedules.upsert(STILL, 'work', { round, act: 'take' }, { key: 'upserted', every: 3_600_000 }),
  'list schedules': ({ service }) => service.schedules.list('still'),
  'read status': ({ service, job }) => service.getJobStatus('still', idOf(job('read'))),
  'read metrics': ({ service }) => service.getQueueMetrics(),
  'queue.getJobs': ({ still }) => still.getJobs(['waiting', 'paused', 'delayed', 'failed']),
  'queue.getJobCounts': ({ still }) => still.getJobCounts(),
  'queue.count': ({ still }) => still.count(),
  'queue.getJobLogs': ({ still, job }) => still.getJobLogs(idOf(job('read'))),
  'queue.isPaused': ({ still }) => still.isPaused(),
  'queue.clean': ({ spare }) => spare.clean(0, 'completed'),
  'queue.empty': ({ spare }) => spare.empty(),
  'queue.removeJobs': ({ spare }) => spare.removeJobs('nothing*'),
  'queue.getRepeatableJobs': ({ spare }) => spare.getRepeatableJobs(),
  'job.isFailed': ({ job }) => job('read').isFailed(),
  'job.isWaiting': ({ job }) => job('read').isWaiting(),
  'job.isStuck': ({ job }) => job('read').isStuck(),
  'job.log': ({ job }) => job('change').log('line'),
  'job.progress': ({ job }) => Promise.resolve(job('change').progress(5)),
  'job.update': ({ job }) => job('change').update({ round: 'other', act: 'take' }),
  'job.takeLock': ({ job }) => job('move').takeLock(),
  'job.extendLock': ({ job }) => lockOf(job('move')).extendLock(1_000),
  'job.moveToCompleted': ({ job }) => job('move').moveToCompleted('x', true, true),
  'job.moveToFailed': ({ job }) => job('move').moveToFailed({ message: 'x' }, true),
  'job.remove': ({ job }) => job('remove').remove(),
  'job.retry': ({ job }) => job('retry').retry(),
  'job.promote': ({ job }) => job('promote').promote(),
};

/** What came of a call: Redis answered, or refused with a typed error that names its reply and says what to do; everything else is wrong. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'answered';
  } catch (error) {
    if (error instanceof QueueFullError) return 'full';
    if (error instanceof BrokerUnavailableError) return `refused ${String(error.reply)}`;
    if (error instanceof MessageQueueError) return error.code;
    // What Bull's own methods say of a job, not Redis.
    if (error instanceof Error && /^(Could not|Job |Couldn't|Missing)/.test(error.message)) return 'answered';
    return `raw ${String(error)}`;
  }
}

function idOf(job: Job): string {
  return String(job.id);
}

/** What Bull's types leave out. */
function lockOf(job: Job): { extendLock(ms: number): Promise<unknown> } {
  return job;
}
