import type { JobOptions, Queue } from 'bull';
import type { DeadLetterService, MessageQueueWorker } from '../../src/message-queue/operations/index.js';

type Untyped<Type> = {
  [Method in keyof Type]: (...given: unknown[]) => Promise<unknown>;
};

/** What the rows call, as a caller without types would. */
export interface BadCallBench {
  readonly facade: Record<FacadeMethod | 'enqueue' | 'enqueueMany' | 'getBatchStatus', Call>;
  readonly letters: Untyped<DeadLetterService>;
  readonly worker: Untyped<Pick<MessageQueueWorker, 'stop'>>;
  /** What `@InjectQueue(DELIVERY)` gives a host. */
  readonly injected: Queue;
  /** Starts an app with a queue of these settings beside the running one. */
  register(settings: Record<string, unknown>): Promise<unknown>;
}

/** A call that must be refused, and leave everything as it was. */
export interface BadCall {
  readonly name: string;
  readonly call: (bench: BadCallBench) => Promise<unknown>;
  /** Code of the error. */
  readonly code: string;
  /** What the message must name. */
  readonly says: string;
}

/** A queue that exists. */
export const DELIVERY = 'message-delivery';
/** A job of {@link DELIVERY} that waits. */
export const WAITING_ID = 'waits-1';
/** A payload that {@link DELIVERY} takes. */
export const MESSAGE = {
  ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
  ...{ content: 'Hello!', createdAt: '2026-11-21T10:00:00.000Z' },
};

const OPTIONS = 'INVALID_JOB_OPTIONS';
const definition = { name: DELIVERY };

type Call = (...given: unknown[]) => Promise<unknown>;
type FacadeMethod = (typeof ON_A_QUEUE)[number];

const ON_A_QUEUE = [
  ...([
    'getJob',
    'getJobStatus',
    'cancelJob',
    'pauseQueue',
    'resumeQueue',
    'cleanQueue',
    'purgeQueue',
  ] as const),
  ...(['getQueueHealth', 'getQueueStats', 'getFailedJobs', 'retryFailedJob', 'retryFailedJobs'] as const),
  'removeFailedJob',
] as const;

/** What each method needs after the queue's name. */
const AFTER_THE_QUEUE: Partial<Record<FacadeMethod, readonly unknown[]>> = {
  getJob: ['id-1'],
  getJobStatus: ['id-1'],
  cancelJob: ['id-1', 'no longer wanted'],
  retryFailedJob: ['id-1'],
  removeFailedJob: ['id-1'],
};

const shown = (given: unknown): string =>
  typeof given === 'string' ? JSON.stringify(given).slice(0, 20) : String(given);

/** Every method that takes a queue, with each name that is none. */
const QUEUE_NAMES: BadCall[] = ON_A_QUEUE.flatMap((method) =>
  (
    [
      ['message-delivry', 'message-delivery'],
      ['__proto__', '__proto__'],
      ['', '""'],
      [null, 'null'],
      [7, '7'],
    ] as const
  ).map(([queue, says]) => ({
    name: `${method}: queue ${shown(queue)}`,
    call: ({ facade }: BadCallBench) => facade[method](queue, ...(AFTER_THE_QUEUE[method] ?? [])),
    code: 'UNKNOWN_QUEUE',
    says,
  })),
);

/** Every method that takes a job's id, with each that is none or unknown. */
const JOB_IDS: BadCall[] = (
  ['getJob', 'getJobStatus', 'cancelJob', 'retryFailedJob', 'removeFailedJob'] as const
).flatMap((method) =>
  ([null, undefined, 7, '', ' ', {}, 'x'.repeat(513)] as const).map((id) => ({
    name: `${method}: job id ${shown(id)}`,
    call: ({ facade }: BadCallBench) =>
      facade[method](DELIVERY, id, ...(method === 'cancelJob' ? ['why'] : [])),
    code: OPTIONS,
    says: 'jobId',
  })),
);

const ABSENT: BadCall[] = [
  ...(['getJobStatus', 'retryFailedJob', 'removeFailedJob'] as const).map((method) => ({
    name: `${method}: a job that does not exist`,
    call: ({ facade }: BadCallBench) => facade[method](DELIVERY, 'nobody'),
    code: 'JOB_NOT_FOUND',
    says: 'nobody',
  })),
  ...(['retryFailedJob', 'removeFailedJob'] as const).map((method) => ({
    name: `${method}: a job that waits`,
    call: ({ facade }: BadCallBench) => facade[method](DELIVERY, WAITING_ID),
    code: 'JOB_STATE',
    says: 'waiting',
  })),
  ...([undefined, '', '  ', 7, 'x'.repeat(501)] as const).map((reason) => ({
    name: `cancelJob: reason ${shown(reason)}`,
    call: ({ facade }: BadCallBench) => facade.cancelJob(DELIVERY, WAITING_ID, reason),
    code: OPTIONS,
    says: 'reason',
  })),
  ...([null, '', 7] as const).map((id) => ({
    name: `getBatchStatus: batch ${shown(id)}`,
    call: ({ facade }: BadCallBench) => facade.getBatchStatus(id),
    code: OPTIONS,
    says: 'batchId',
  })),
];

const LIMITS: BadCall[] = [
  ...([-1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9, '10', null] as const).map((limit) => ({
    name: `getFailedJobs: limit ${shown(limit)}`,
    call: ({ facade }: BadCallBench) => facade.getFailedJobs(DELIVERY, limit),
    code: OPTIONS,
    says: 'limit',
  })),
  ...(
    [
      ['limit', -1],
      ['limit', Number.NaN],
      ['limit', '10'],
      ['olderThanMs', -1],
      ['olderThanMs', Number.NaN],
      ['olderThanMs', Number.POSITIVE_INFINITY],
      ['olderThanMs', '5m'],
      ['state', 'waiting'],
      ['state', 'constructor'],
      ['state', null],
    ] as const
  ).map(([option, value]) => ({
    name: `cleanQueue: ${option} ${shown(value)}`,
    call: ({ facade }: BadCallBench) => facade.cleanQueue(DELIVERY, { [option]: value }),
    code: OPTIONS,
    says: option,
  })),
  {
    name: 'cleanQueue: options null',
    call: ({ facade }) => facade.cleanQueue(DELIVERY, null),
    code: OPTIONS,
    says: 'options',
  },
];

const ADDS: BadCall[] = [
  ...([undefined, null, '', 7, '__proto__', 'send-mesage'] as const).map((job) => ({
    name: `enqueue: job ${shown(job)}`,
    call: ({ facade }: BadCallBench) => facade.enqueue(definition, job, MESSAGE),
    code: 'UNKNOWN_JOB_NAME',
    says: 'send-message',
  })),
  ...(['enqueue', 'enqueueMany'] as const).map((method) => ({
    name: `${method}: a definition that is not registered`,
    call: ({ facade }: BadCallBench) =>
      facade[method]({ name: 'thumbnails', jobs: {} }, 'make', method === 'enqueue' ? {} : [{ payload: {} }]),
    code: 'UNKNOWN_QUEUE',
    says: 'thumbnails',
  })),
  ...([undefined, null, 'many', 7, { length: 1 }] as const).map((jobs) => ({
    name: `enqueueMany: jobs ${shown(jobs)}`,
    call: ({ facade }: BadCallBench) => facade.enqueueMany(definition, 'send-message', jobs),
    code: 'INVALID_PAYLOAD',
    says: 'jobs',
  })),
  ...([undefined, null, 'one', 7, {}, MESSAGE] as const).map((job, at) => ({
    name: `enqueueMany: item ${at} is ${shown(job)}`,
    call: ({ facade }: BadCallBench) => onlyRejection(facade.enqueueMany(definition, 'send-message', [job])),
    code: 'INVALID_PAYLOAD',
    says: 'payload',
  })),
];

/** The error of a bulk add's only item, thrown. */
async function onlyRejection(adding: Promise<unknown>): Promise<void> {
  const receipts = (await adding) as { outcome: string; error?: Error }[];
  const [only] = receipts;
  if (receipts.length === 1 && only?.error !== undefined) throw only.error;
}

const by = 'a test';
const LETTERS: BadCall[] = (
  [
    ['list', 'cursor', { cursor: 'not one' }],
    ['list', 'cursor', { cursor: '' }],
    ['list', 'cursor', { cursor: 7 }],
    ['list', 'cursor', { cursor: null }],
    ['list', 'cursor', { cursor: Buffer.from('[1,[[1,2,3,4]]]').toString('base64url') }],
    ['list', 'limit', { limit: 0 }],
    ['list', 'limit', { limit: Number.NaN }],
    ['list', 'limit', { limit: 1_001 }],
    ['list', 'from', { from: 'yesterday' }],
    ['list', 'from', { from: new Date('x') }],
    ['list', 'to', { to: Number.NaN }],
    ['list', 'from', { from: 2, to: 1 }],
    ['list', 'message-delivry', { queue: 'message-delivry' }],
    ['list', 'queue', { queue: [DELIVERY, '__proto__'] }],
    ['list', 'queue', { queue: 7 }],
    ['list', 'queue', { queue: null }],
    ['list', 'job', { job: 7 }],
    ['list', 'error', { error: 7 }],
    ['list', 'filter', null],
    ['stats', 'maxScanned', { maxScanned: 0 }],
    ['stats', 'maxScanned', { maxScanned: Number.NaN }],
    ['discardMatching', 'to', { to: 'x' }],
    ['discardMatching', 'error', { error: /x/ }],
    ['discardMatching', 'batchSize', {}, { batchSize: 0 }],
    ['discardMatching', 'batchSize', {}, { batchSize: 1_001 }],
    ['discardMatching', 'batchSize', {}, { batchSize: Number.NaN }],
    ['discardMatching', 'batchSize', {}, { batchSize: '10' }],
    ['discardMatching', 'options', {}, null],
    ['replayMatching', 'batchSize', {}, { by, batchSize: 1.5 }],
    ['replayMatching', 'from', { from: Number.POSITIVE_INFINITY }, { by }],
    ['replayMatching', 'by', {}, { by: '' }],
    ['replayMatching', 'by', {}, { by: 7 }],
    ['replayMatching', 'options', {}, undefined],
    ['replayAll', 'by', {}],
    ['replay', 'by', DELIVERY, WAITING_ID, ''],
    ['replay', 'id', DELIVERY, null, by],
    ['replay', 'id', DELIVERY, '', by],
    ['discard', 'id', DELIVERY, 7],
    ['get', 'id', DELIVERY, {}],
  ] as const
).map(([method, says, ...given]) => ({
  name: `DeadLetterService.${method}: ${given.map((part) => describeArgument(part)).join(', ')}`,
  call: ({ letters }) => letters[method](...given),
  code: OPTIONS,
  says,
}));

function describeArgument(given: unknown): string {
  if (typeof given !== 'object' || given === null) return shown(given);
  return `{ ${Object.entries(given)
    .map(([key, value]) => `${key}: ${shown(value)}`)
    .join(', ')} }`;
}

const PLACES: BadCall[] = [
  ...(['get', 'replay', 'discard'] as const).map((method) => ({
    name: `DeadLetterService.${method}: a queue that does not exist`,
    call: ({ letters }: BadCallBench) => letters[method]('message-delivry', 'id-1', by),
    code: 'UNKNOWN_QUEUE',
    says: DELIVERY,
  })),
  ...(['get', 'replay', 'discard'] as const).map((method) => ({
    name: `DeadLetterService.${method}: a job that waits`,
    call: ({ letters }: BadCallBench) => letters[method](DELIVERY, WAITING_ID, by),
    code: 'JOB_STATE',
    says: WAITING_ID,
  })),
];

const WORKER: BadCall[] = ([-1, Number.NaN, Number.POSITIVE_INFINITY, '5s', null] as const).map(
  (timeoutMs) => ({
    name: `MessageQueueWorker.stop: timeoutMs ${shown(timeoutMs)}`,
    call: ({ worker }) => worker.stop({ timeoutMs }),
    code: OPTIONS,
    says: 'timeoutMs',
  }),
);

const BULL_OPTIONS = [
  ...(['active', 'wait', 'completed', 'priority', 'stalled', 'id', '12', 'a:b', '', 12] as const).map(
    (jobId) => ({
      jobId,
    }),
  ),
  ...[Number.NaN, -1, 'abc', null].map((priority) => ({ priority })),
  ...[null, Number.NaN, -1, { age: -1 }, { count: Number.NaN }].map((removeOnFail) => ({ removeOnFail })),
  ...[Number.POSITIVE_INFINITY, -1, Number.NaN, '5s'].map((delay) => ({ delay })),
  ...[{ type: 'fibonacci' }, { type: 'fixed', delay: -1 }, Number.NaN].map((backoff) => ({ backoff })),
  ...[0, -1, 1.5, Number.NaN, '3'].map((attempts) => ({ attempts })),
  { timeout: 500 },
  { lifo: 'x' },
  { repeat: { cron: 'x y z' } },
  { repeat: { every: -5 } },
].map((options) => options as Record<string, unknown>);

/** Options that wedge Bull, through Bull's own calls. */
const RAW: BadCall[] = BULL_OPTIONS.flatMap((options) => {
  const [option = ''] = Object.keys(options);
  const value = options[option];
  const text = typeof value === 'object' ? JSON.stringify(value) : shown(value);
  const given = options as JobOptions;
  const add: BadCall = {
    name: `@InjectQueue add: ${option} ${text}`,
    call: ({ injected }) => injected.add('send-message', MESSAGE, given),
    code: OPTIONS,
    says: option,
  };
  // Bull's bulk add knows no schedules.
  if (option === 'repeat') return [add];
  const good = { name: 'send-message', data: MESSAGE };
  return [
    add,
    {
      ...add,
      name: `@InjectQueue addBulk, second of two: ${option} ${text}`,
      call: ({ injected }) => injected.addBulk([good, { ...good, opts: given }]),
    },
  ];
});

class Payload {}

/** Settings that `defineQueue` takes. */
const GOOD_QUEUE = {
  ...{ name: 'thumbnails', description: 'Makes thumbnails.', jobs: { make: Payload }, concurrency: 1 },
  ...{ attempts: 1, backoff: { type: 'fixed', delayMs: 10 }, timeoutMs: 1_000 },
};

const REGISTRATIONS: BadCall[] = (
  [
    ['INVALID_CONFIGURATION', 'name', { name: '' }],
    ['INVALID_CONFIGURATION', 'name', { name: 'a:b' }],
    ['INVALID_CONFIGURATION', 'name', { name: 'with space' }],
    ['INVALID_CONFIGURATION', 'concurrency', { concurrency: 0 }],
    ['INVALID_CONFIGURATION', 'concurrency', { concurrency: Number.NaN }],
    ['INVALID_CONFIGURATION', 'attempts', { attempts: 0 }],
    ['INVALID_CONFIGURATION', 'timeoutMs', { timeoutMs: -1 }],
    ['INVALID_CONFIGURATION', 'backoff.type', { backoff: { type: 'linear', delayMs: 1 } }],
    ['INVALID_CONFIGURATION', 'backoff.delayMs', { backoff: { type: 'fixed', delayMs: Number.NaN } }],
    ['INVALID_CONFIGURATION', 'maxWaiting', { maxWaiting: 0 }],
    ['INVALID_CONFIGURATION', 'jobs', { jobs: {} }],
    ['HANDLER_REGISTRATION', 'thumbnails', {}],
    ['DUPLICATE_REGISTRATION', DELIVERY, { name: DELIVERY }],
  ] as const
).map(([code, says, change]) => ({
  name: `registerQueue: ${code} ${says} ${describeArgument(change)}`,
  call: ({ register }) => register({ ...GOOD_QUEUE, ...change }),
  code,
  says,
}));

/** Everything that must be refused. */
export const BAD_CALLS: readonly BadCall[] = [
  ...QUEUE_NAMES,
  ...JOB_IDS,
  ...ABSENT,
  ...LIMITS,
  ...ADDS,
  ...LETTERS,
  ...PLACES,
  ...WORKER,
  ...RAW,
  ...REGISTRATIONS,
];
