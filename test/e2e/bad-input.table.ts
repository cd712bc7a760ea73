import type { Queue } from 'bull';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';

/** The facade as a caller without types would use it. */
export type UntypedFacade = Record<
  | 'addMessageDeliveryJob'
  | 'addDeliveryConfirmationJob'
  | 'addNotificationJob'
  | 'addIndexingJob'
  | 'addEncryptionJob'
  | 'addBatchMessageJob'
  | 'addCleanupJob',
  (payload: unknown, options?: unknown) => Promise<unknown>
> & {
  enqueue(
    definition: { name: string },
    jobName: unknown,
    payload: unknown,
    options?: unknown,
  ): Promise<unknown>;
};

/** What a row may do. */
export interface BadInputBench {
  readonly facade: UntypedFacade;
  /** What `@InjectQueue('message-delivery')` gives a host. */
  readonly injected: Queue;
  /** Starts an app with these options and variables, beside the running one. */
  start(options: MessageQueueModuleOptions, variables?: Record<string, string>): Promise<unknown>;
}

/** One thing that must be refused before anything is stored. */
export interface BadInput {
  readonly name: string;
  readonly call: (bench: BadInputBench) => Promise<unknown>;
  /** Code of the error. */
  readonly code: string;
  /** Paths of its issues, in any order; empty for errors without issues. */
  readonly paths: readonly string[];
}

/** Text that may be in a payload, but in no error. */
export const SECRET = 'content-that-no-error-may-repeat';

const createdAt = '2026-11-21T10:00:00.000Z';
const message = {
  ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
  ...{ content: SECRET, createdAt },
};
const attachment = { id: 'a-1', fileName: 'plan.pdf', contentType: 'application/pdf', sizeBytes: 10 };
const confirmation = { messageId: 'm-1', recipientId: 'ben', status: 'read', createdAt };
const notification = { recipientId: 'ben', type: 'push', title: 'Hello', message: SECRET, createdAt };
const indexing = {
  ...{ messageId: 'm-1', operation: 'index', content: SECRET, senderId: 'ada' },
  ...{ conversationId: 'c-1', createdAt },
};
const encryption = { messageId: 'm-1', operation: 'encrypt', content: SECRET, createdAt };
const batch = { senderId: 'ada', recipientIds: ['ben', 'cem'], content: SECRET, createdAt };
const cleanup = { cleanupType: 'old_messages', retentionDays: 90, createdAt };

const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `r-${at}`);
const circular: Record<string, unknown> = { ...message };
circular.self = circular;
const deep = JSON.parse('{"a":'.repeat(100) + '1' + '}'.repeat(100)) as object;

type Method = Exclude<keyof UntypedFacade, 'enqueue'>;

/** Rows of one method: each changes a good payload in one place. */
function payloads(
  method: Method,
  good: object,
  rows: readonly (readonly [name: string, change: object, ...paths: string[]])[],
): BadInput[] {
  return rows.map(([name, change, ...paths]) => ({
    name: `${method}: ${name}`,
    call: ({ facade }) => facade[method]({ ...good, ...change }),
    code: 'INVALID_PAYLOAD',
    paths: paths.length > 0 ? paths : Object.keys(change),
  }));
}

/** Payloads that are no object of fields at all. */
const SHAPES: BadInput[] = (
  [
    ['undefined', undefined, 'payload'],
    ['null', null, 'payload'],
    ['a text', SECRET, 'payload'],
    ['a number', 7, 'payload'],
    ['a list', [message], 'payload'],
    ['a function', () => message, 'payload'],
    ['circular', circular, 'self'],
    ['larger than a mebibyte', { ...message, content: 'x'.repeat(1_100_000) }, 'payload'],
  ] as const
).map(([name, payload, ...paths]) => ({
  name: `addMessageDeliveryJob: the payload is ${name}`,
  call: ({ facade }) => facade.addMessageDeliveryJob(payload),
  code: 'INVALID_PAYLOAD',
  paths,
}));

const DELIVERY = payloads('addMessageDeliveryJob', message, [
  [
    'empty object',
    Object.fromEntries(Object.keys(message).map((key) => [key, undefined])),
    ...Object.keys(message),
  ],
  ['no messageId', { messageId: undefined }],
  ['messageId is a number', { messageId: 7 }],
  ['messageId with a space', { messageId: 'm 1' }],
  ['messageId with a line break', { messageId: 'm\n1' }],
  ['messageId of 129 characters', { messageId: 'm'.repeat(129) }],
  ['empty recipientId', { recipientId: '' }],
  ['recipientId is null', { recipientId: null }],
  ['recipientId is an object', { recipientId: { $ne: null } }],
  ['no content', { content: undefined }],
  ['blank content', { content: ' \n\t ' }],
  ['content of 100 001 characters', { content: 'x'.repeat(100_001) }],
  ['content with NUL', { content: `${SECRET}\0` }],
  ['content with half a surrogate pair', { content: `${SECRET}\ud83d` }],
  ['content is a bigint', { content: 10n }],
  ['content is a symbol', { content: Symbol('x') }],
  ['content is NaN', { content: Number.NaN }],
  ['requiresEncryption is text', { requiresEncryption: 'true' }],
  ['createdAt is no date', { createdAt: 'yesterday' }],
  ['createdAt on the 31st of February', { createdAt: '2026-02-31T00:00:00Z' }],
  ['createdAt is an invalid Date', { createdAt: new Date('x') }],
  ['createdAt is a number', { createdAt: 1_700_000_000_000 }],
  ['createdAt before 1970', { createdAt: '1969-12-31T23:59:59Z' }],
  ['no createdAt', { createdAt: undefined }],
  ['a field that does not exist', { priority: 5 }],
  ['optional field is null', { batchId: null }],
  ['attachments is no list', { attachments: 'plan.pdf' }],
  ['21 attachments', { attachments: Array.from({ length: 21 }, () => attachment) }],
  [
    'attachment with a bad field',
    { attachments: [attachment, { ...attachment, sizeBytes: -1 }] },
    'attachments.1.sizeBytes',
  ],
  [
    'attachment with a field that does not exist',
    { attachments: [{ ...attachment, path: '/etc/passwd' }] },
    'attachments.0.path',
  ],
  [
    'attachment with a javascript: url',
    { attachments: [{ ...attachment, url: 'javascript:alert(1)' }] },
    'attachments.0.url',
  ],
  ['attachment that is null', { attachments: [null] }, 'attachments.0'],
  ['extra data 100 levels deep', { extra: deep }, `extra${'.a'.repeat(9)}.….a`],
]);

const CONFIRMATION = payloads('addDeliveryConfirmationJob', confirmation, [
  ['unknown status', { status: 'seen' }],
  ['status of the store only', { status: 'pending' }],
  ['occurredAt is no date', { occurredAt: '25:00' }],
  ['failureReason of 501 characters', { status: 'failed', failureReason: 'x'.repeat(501) }, 'failureReason'],
]);

const NOTIFICATION = payloads('addNotificationJob', notification, [
  ['unknown type', { type: 'pigeon' }],
  ['type by its constant name', { type: 'PUSH' }],
  ['neither title nor template', { title: undefined }],
  ['title of 201 characters', { title: 'x'.repeat(201) }],
  ['message of 4 001 characters', { message: 'x'.repeat(4_001) }],
  ['pushPayload is text', { pushPayload: '{}' }],
  ['negative badge', { pushPayload: { badge: -1 } }, 'pushPayload.badge'],
  ['push with a field that does not exist', { pushPayload: { aps: {} } }, 'pushPayload.aps'],
  ['nested push data', { pushPayload: { data: { a: { b: 1 } } } }, 'pushPayload.data'],
  ['unknown priority', { priority: 'high' }],
  ['ttlMs below a second', { ttlMs: 10 }],
  ['ttlMs with a fraction', { ttlMs: 1_000.5 }],
  ['an address that is none', { type: 'email', emailAddress: 'ben' }, 'emailAddress'],
  ['a phone number with spaces', { type: 'sms', phoneNumber: '+49 151 1' }, 'phoneNumber'],
  [
    '51 template variables',
    { template: 't', variables: Object.fromEntries(many(51).map((key) => [key, 1])) },
    'variables',
  ],
  ['a template variable called constructor', { template: 't', variables: { constructor: 'x' } }, 'payload'],
]);

const INDEXING = payloads('addIndexingJob', indexing, [
  ['unknown operation', { operation: 'upsert' }],
  ['index without content', { content: undefined }],
  ['update without conversationId', { operation: 'update', conversationId: undefined }, 'conversationId'],
  ['no senderId', { senderId: undefined }],
  ['updatedAt is no date', { updatedAt: 'now' }],
]);

const ENCRYPTION = payloads('addEncryptionJob', encryption, [
  ['unknown operation', { operation: 'hash' }],
  ['encrypt without content', { content: undefined }],
  ['unknown algorithm', { algorithm: 'AES-128-ECB' }],
  ['algorithm in small letters', { algorithm: 'aes-256-gcm' }],
  ['keyId with a space', { keyId: 'k 1' }],
]);

const BATCH = payloads('addBatchMessageJob', batch, [
  ['recipientIds is text', { recipientIds: 'ben' }],
  ['no recipients', { recipientIds: [] }],
  ['5 001 recipients in one segment', { recipientIds: many(5_001), segment: 0 }, 'recipientIds'],
  ['a recipient that is no text', { recipientIds: ['ben', 7] }],
  ['an empty recipient', { recipientIds: ['ben', ''] }],
  ['neither content nor template', { content: undefined }],
  ['chunkSize 0', { chunkSize: 0 }],
  ['chunkSize is text', { chunkSize: '50' }],
  ['negative chunkDelay', { chunkDelay: -1 }],
  ['chunkDelay above a minute', { chunkDelay: 60_001 }],
  [
    'variables by recipient that are nested',
    { recipientVariables: { ben: { a: ['b'] } } },
    'recipientVariables',
  ],
  ['negative segment', { segment: -1 }],
]);

const CLEANUP = payloads('addCleanupJob', cleanup, [
  ['unknown type', { cleanupType: 'everything' }],
  ['old messages without days', { retentionDays: undefined }],
  ['0 days', { retentionDays: 0 }],
  ['half a day', { retentionDays: 0.5 }],
  ['batchSize 10 001', { batchSize: 10_001 }],
  ['dryRun is text', { dryRun: 'yes' }],
]);

/** Options of an add through the facade. */
const OPTIONS: BadInput[] = (
  [
    ['priority 0', { priority: 0 }, 'priority'],
    ['priority 11', { priority: 11 }, 'priority'],
    ['priority as text', { priority: 'HIGH' }, 'priority'],
    ['priority NaN', { priority: Number.NaN }, 'priority'],
    ['negative delay', { delay: -1 }, 'delay'],
    ['infinite delay', { delay: Number.POSITIVE_INFINITY }, 'delay'],
    ['delay as text', { delay: '5s' }, 'delay'],
    ['attempts 0', { attempts: 0 }, 'attempts'],
    ['timeoutMs 0', { timeoutMs: 0 }, 'timeoutMs'],
    ['empty idempotencyKey', { idempotencyKey: '' }, 'idempotencyKey'],
    ['ttl without idempotencyKey', { ttl: 1_000 }, 'ttl'],
    ['jobId that wedges Bull', { jobId: 'active' }, 'jobId'],
    ['jobId as a number', { jobId: 7 }, 'jobId'],
    ['jobId that is a number in text', { jobId: '7' }, 'jobId'],
    ['jobId with a colon', { jobId: 'a:b' }, 'jobId'],
    ['unreadable cron', { repeat: { cron: 'every day' } }, 'repeat.cron'],
    ['unknown time zone', { repeat: { cron: '0 2 * * *', tz: 'Mars/Olympus' } }, 'repeat.tz'],
    ['every -5', { repeat: { every: -5 } }, 'repeat.every'],
    ['cron and every', { repeat: { cron: '0 2 * * *', every: 5 } }, 'repeat'],
    ['repeat with delay', { repeat: { every: 1_000 }, delay: 5 }, 'delay'],
    ['metadata that is nested', { metadata: { a: { b: 1 } } }, 'metadata.a'],
    ['an option that does not exist', { prio: 5 }, 'prio'],
    ['three at once', { priority: 0, delay: -1, attempts: 0 }, 'priority', 'delay', 'attempts'],
  ] as const
).map(([name, options, ...paths]) => ({
  name: `options: ${name}`,
  call: ({ facade }) => facade.addMessageDeliveryJob(message, options),
  code: 'INVALID_JOB_OPTIONS',
  paths,
}));

/** Options of an add through Bull's own queue, as `@InjectQueue` gives it. */
const BULL_OPTIONS: BadInput[] = (
  [
    ['priority as text', { priority: 'abc' }, 'priority'],
    ['null retention', { removeOnComplete: null }, 'removeOnComplete'],
    ['retention that wipes the history', { removeOnFail: { age: 0 } }, 'removeOnFail.age'],
    ['unknown backoff', { backoff: { type: 'fibonacci', delay: 5 } }, 'backoff.type'],
    ['infinite delay', { delay: Number.POSITIVE_INFINITY }, 'delay'],
    ["Bull's timeout", { timeout: 500 }, 'timeout'],
    ['jobId meta-paused', { jobId: 'meta-paused' }, 'jobId'],
    ['every 0', { repeat: { every: 0 } }, 'repeat.every'],
  ] as const
).map(([name, options, ...paths]) => ({
  name: `@InjectQueue: ${name}`,
  call: ({ injected }) => injected.add('send-message', message, options as never),
  code: 'INVALID_JOB_OPTIONS',
  paths,
}));

/** Names of queues and jobs that do not exist. */
const NAMES: BadInput[] = [
  {
    name: 'enqueue: a queue that does not exist',
    call: ({ facade }) => facade.enqueue({ name: 'message-delivry' }, 'send-message', message),
    code: 'UNKNOWN_QUEUE',
    paths: [],
  },
  {
    name: 'enqueue: a job that does not exist',
    call: ({ facade }) => facade.enqueue({ name: 'message-delivery' }, 'send-mesage', message),
    code: 'UNKNOWN_JOB_NAME',
    paths: [],
  },
  {
    name: 'enqueue: the payload of another queue',
    call: ({ facade }) => facade.enqueue({ name: 'message-cleanup' }, 'cleanup-messages', confirmation),
    code: 'INVALID_PAYLOAD',
    paths: ['cleanupType', 'messageId', 'recipientId', 'status'],
  },
];

/** Options of the module. */
const CONFIGURATION: BadInput[] = (
  [
    ['unknown provider', { provider: 'rabbitmq' }, 'provider'],
    ['unknown role', { role: 'consumer' }, 'role'],
    ['prefix with a space', { prefix: 'my app' }, 'prefix'],
    ['an option that does not exist', { concurency: 5 }, 'concurency'],
    ['a queue that does not exist', { queues: { 'message-delivry': {} } }, 'queues.message-delivry'],
    [
      'concurrency 0',
      { queues: { 'message-delivery': { concurrency: 0 } } },
      'queues.message-delivery.concurrency',
    ],
    [
      'unknown backoff',
      { queues: { 'message-delivery': { backoff: { type: 'linear' } } } },
      'queues.message-delivery.backoff.type',
    ],
    [
      'a queue setting that does not exist',
      { queues: { 'message-delivery': { retries: 5 } } },
      'queues.message-delivery.retries',
    ],
    ['enqueueTimeoutMs 0', { enqueueTimeoutMs: 0 }, 'enqueueTimeoutMs'],
    ['onStuckHandler', { onStuckHandler: 'ignore' }, 'onStuckHandler'],
    ['a lock renewed too late', { lock: { durationMs: 1_000, renewMs: 900 } }, 'lock.renewMs'],
    [
      'several at once',
      { role: 'x', maxCrashes: 0, memory: { maxJobs: -1 } },
      'role',
      'maxCrashes',
      'memory.maxJobs',
    ],
  ] as const
).map(([name, options, ...paths]) => ({
  name: `forRoot: ${name}`,
  call: ({ start }) => start(options as MessageQueueModuleOptions),
  code: 'INVALID_CONFIGURATION',
  paths,
}));

/** Variables of the environment. */
const ENVIRONMENT: BadInput[] = (
  [
    ['QUEUE_MESSAGE_DELIVERY_CONCURRENCY', 'ten'],
    ['QUEUE_MESSAGE_DELIVERY_ATTEMPTS', '0'],
    ['QUEUE_MESSAGE_INDEXING_BACKOFF_MS', '3s'],
    ['QUEUE_MESSAGE_CLEANUP_TIMEOUT_MS', '-1'],
    ['MESSAGE_QUEUE_ROLE', 'slave'],
    ['MESSAGE_QUEUE_AUTO_START', 'maybe'],
    ['MESSAGE_QUEUE_ENQUEUE_TIMEOUT_MS', '2,000'],
    ['MESSAGE_QUEUE_PROVIDR', 'redis'],
    ['QUEUE_MESSAGE_DELIVRY_CONCURRENCY', '5'],
  ] as const
).map(([variable, value]) => ({
  name: `environment: ${variable}=${value}`,
  call: ({ start }) => start({}, { [variable]: value }),
  code: 'INVALID_CONFIGURATION',
  paths: [variable],
}));

/** Everything that must be refused. */
export const BAD_INPUTS: readonly BadInput[] = [
  ...SHAPES,
  ...DELIVERY,
  ...CONFIRMATION,
  ...NOTIFICATION,
  ...INDEXING,
  ...ENCRYPTION,
  ...BATCH,
  ...CLEANUP,
  ...OPTIONS,
  ...BULL_OPTIONS,
  ...NAMES,
  ...CONFIGURATION,
  ...ENVIRONMENT,
];
