import { defineQueue } from '../jobs/queue-definition.js';
import type { GivenJobs, QueueDefinition } from '../jobs/queue-definition.js';
import { FILES, itNames } from '../../../test/support/configuration-fixture.js';
import type { Mistake } from '../../../test/support/configuration-fixture.js';

/** With a version of `resize` as a host in plain JavaScript may write it. */
function versioned(resize: Readonly<Record<string, unknown>>): QueueDefinition {
  const jobs = { resize: { payload: FILES.jobs.resize, ...resize } } as unknown as GivenJobs;
  return defineQueue({ ...FILES, jobs });
}

describe('a mistake about a queue', () => {
  const { concurrency: _left, ...withoutConcurrency } = FILES;
  const mistakes: readonly Mistake[] = [
    [
      'unknown queue',
      { options: { queues: { 'message-delivry': {} } } },
      'queues.message-delivry',
      /registered queue.*"message-delivery"/,
    ],
    ['queues', { options: { queues: [] } }, 'queues', /must be an object by queue name .*registerQueue/],
    [
      'queue settings',
      { options: { queues: { 'message-delivery': 5 } } },
      'queues.message-delivery',
      /object.*got 5/,
    ],
    [
      'unknown queue option',
      { options: { queues: { 'message-delivery': { concurency: 5 } } } },
      'queues.message-delivery.concurency',
      /not an option.*"concurrency"/,
    ],
    [
      'backoff',
      { options: { queues: { 'message-delivery': { backoff: 'fixed' } } } },
      'queues.message-delivery.backoff',
      /object.*"fixed"/,
    ],
    [
      'backoff type',
      { options: { queues: { 'message-delivery': { backoff: { type: 'linear' } } } } },
      'queues.message-delivery.backoff.type',
      /"fixed", "exponential".*"linear"/,
    ],
    [
      'jitter',
      { options: { queues: { 'message-delivery': { backoff: { jitter: 2 } } } } },
      'queues.message-delivery.backoff.jitter',
      /0 to 1.*got 2/,
    ],
    [
      'retention',
      { options: { queues: { 'message-delivery': { retention: { failedAgeMs: 0 } } } } },
      'queues.message-delivery.retention.failedAgeMs',
      /60000.*got 0/,
    ],
    [
      'concurrency',
      { env: { QUEUE_MESSAGE_DELIVERY_CONCURRENCY: '0' } },
      'QUEUE_MESSAGE_DELIVERY_CONCURRENCY',
      /1 to 1000.*"0"/,
    ],
    [
      'attempts',
      { env: { QUEUE_FILE_PROCESSING_ATTEMPTS: 'many' } },
      'QUEUE_FILE_PROCESSING_ATTEMPTS',
      /whole number.*"many"/,
    ],
    [
      'timeout',
      { env: { QUEUE_MESSAGE_CLEANUP_TIMEOUT_MS: '-5' } },
      'QUEUE_MESSAGE_CLEANUP_TIMEOUT_MS',
      /milliseconds.*"-5"/,
    ],
    [
      'definition',
      { definitions: [{ ...FILES, concurrency: 0 }] },
      'file-processing.concurrency',
      /1 to 1000.*got 0/,
    ],
    [
      'missing setting',
      { definitions: [withoutConcurrency as unknown as QueueDefinition] },
      'file-processing.concurrency',
      /missing/,
    ],
    ['queue name', { definitions: [{ ...FILES, name: 'a:b' }] }, 'a:b.name', /letters, digits.*"a:b"/],
    ['no jobs', { definitions: [{ ...FILES, jobs: {} }] }, 'file-processing.jobs', /at least one job/],
    [
      'no DTO',
      { definitions: [{ ...FILES, jobs: { resize: 'ResizeDto' } } as unknown as QueueDefinition] },
      'file-processing.jobs.resize',
      /DTO class.*"ResizeDto"/,
    ],
    [
      'payload version',
      { definitions: [versioned({ version: 0 })] },
      'file-processing.jobs.resize.version',
      /whole number from 1.*got 0/,
    ],
    [
      'no payload version',
      { definitions: [versioned({})] },
      'file-processing.jobs.resize.version',
      /missing|whole number/,
    ],
    [
      'upcast',
      { definitions: [versioned({ version: 2, upcast: 'no' })] },
      'file-processing.jobs.resize.upcast',
      /function \(version, payload\).*"no"/,
    ],
    [
      'misspelled upcast',
      { definitions: [versioned({ version: 2, upCast: () => ({}) })] },
      'file-processing.jobs.resize.upCast',
      /Did you mean "upcast"/,
    ],
    [
      'version without a DTO',
      { definitions: [versioned({ version: 2, payload: undefined })] },
      'file-processing.jobs.resize',
      /DTO class/,
    ],
    [
      'sealed',
      { definitions: [{ ...FILES, sealed: 'yes' } as unknown as QueueDefinition] },
      'file-processing.sealed',
      /true or false.*"yes"/,
    ],
    [
      'unknown definition key',
      { definitions: [{ ...FILES, retries: 3 } as QueueDefinition] },
      'file-processing.retries',
      /not an option/,
    ],
    [
      'misspelled queue',
      { env: { QUEUE_MESSAGE_DELIVRY_CONCURRENCY: '5' } },
      'QUEUE_MESSAGE_DELIVRY_CONCURRENCY',
      /"QUEUE_MESSAGE_DELIVERY_CONCURRENCY"/,
    ],
    [
      'misspelled queue setting',
      { env: { QUEUE_MESSAGE_DELIVERY_ATEMPTS: '5' } },
      'QUEUE_MESSAGE_DELIVERY_ATEMPTS',
      /"QUEUE_MESSAGE_DELIVERY_ATTEMPTS"/,
    ],
  ];

  itNames(mistakes);
});
