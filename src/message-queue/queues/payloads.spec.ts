import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { BAD_INPUTS, SECRET } from '../../../test/e2e/bad-input.table.js';
import type { BadInputBench, UntypedFacade } from '../../../test/e2e/bad-input.table.js';
import type { Plain } from '../../../test/support/plain.js';
import { InvalidPayloadError } from '../jobs/errors.js';
import { validatePayload } from '../admission/payload-validator.js';
import { NotificationType } from '../ports/notifications/notification-type.js';
import { BatchMessageJobDto } from './batch/batch-message-job.dto.js';
import { CleanupJobDto } from './cleanup/cleanup-job.dto.js';
import { AttachmentDto } from './delivery/attachment.dto.js';
import { DeliveryConfirmationJobDto } from './delivery/delivery-confirmation-job.dto.js';
import { SendMessageJobDto } from './delivery/send-message-job.dto.js';
import { EncryptionJobDto } from './encryption/encryption-job.dto.js';
import { IndexingJobDto } from './indexing/indexing-job.dto.js';
import { NotificationJobDto } from './notification/notification-job.dto.js';
import { PushPayloadDto } from './notification/push-payload.dto.js';

const createdAt = new Date('2026-11-21T10:00:00.000Z');
const place = { queue: 'test', job: 'test' };
const validated = <T extends object>(type: Type<T>, payload: unknown): Promise<T> =>
  validatePayload(type, payload, place, 1024 * 1024);

describe('the payloads of the public surface', () => {
  const message: Plain<SendMessageJobDto> = {
    ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', content: 'Hello!', conversationId: 'c-1' },
    ...{ requiresEncryption: true, createdAt },
  };
  const confirmation: Plain<DeliveryConfirmationJobDto> = {
    ...{ messageId: 'm-1', recipientId: 'ben', status: 'read', createdAt },
  };
  const notification: Plain<NotificationJobDto> = {
    ...{ recipientId: 'ben', type: NotificationType.PUSH, title: 'Hi', message: 'There is news' },
    ...{ pushPayload: { badge: 1, data: { conversationId: 'c-1' } }, createdAt },
  };
  const indexing: Plain<IndexingJobDto> = {
    ...{ messageId: 'm-1', operation: 'index', content: 'Hello!', senderId: 'ada' },
    ...{ conversationId: 'c-1', createdAt },
  };
  const encryption: Plain<EncryptionJobDto> = {
    ...{ messageId: 'm-1', operation: 'encrypt', content: 'Hello!', algorithm: 'AES-256-GCM', createdAt },
  };
  const batch: Plain<BatchMessageJobDto> = {
    ...{ senderId: 'ada', recipientIds: ['ben', 'cem'], content: 'Hello!', chunkSize: 50 },
    ...{ chunkDelay: 200, createdAt },
  };
  const cleanup: Plain<CleanupJobDto> = {
    ...{ cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt },
  };

  it.each<[string, Type<object>, object]>([
    ['a message', SendMessageJobDto, message],
    ['a confirmation', DeliveryConfirmationJobDto, confirmation],
    ['a notification', NotificationJobDto, notification],
    ['an index', IndexingJobDto, indexing],
    ['an encryption', EncryptionJobDto, encryption],
    ['a batch', BatchMessageJobDto, batch],
    ['a cleanup', CleanupJobDto, cleanup],
    ['the smallest message', SendMessageJobDto, { ...message, requiresEncryption: undefined }],
    ['content at its bound', SendMessageJobDto, { ...message, content: 'x'.repeat(100_000) }],
    ['text of all scripts', SendMessageJobDto, { ...message, content: 'Grüße 👩‍👩‍👧 مرحبا 你好' }],
    ['a failed confirmation', DeliveryConfirmationJobDto, { ...confirmation, failureReason: 'no such user' }],
    [
      'a templated mail',
      NotificationJobDto,
      {
        ...{ recipientId: 'ben', type: 'email', template: 'welcome', variables: { name: 'Ben', n: 1 } },
        ...{ priority: 'urgent', ttlMs: 60_000, emailAddress: 'ben@example.org', createdAt },
      },
    ],
    [
      'an SMS',
      NotificationJobDto,
      { ...notification, type: 'sms', pushPayload: undefined, phoneNumber: '+4915112345678' },
    ],
    ['a delete', IndexingJobDto, { messageId: 'm-1', operation: 'delete', createdAt }],
    ['an update', IndexingJobDto, { ...indexing, operation: 'update', updatedAt: createdAt }],
    [
      'a decryption of what is stored',
      EncryptionJobDto,
      { messageId: 'm-1', operation: 'decrypt', createdAt },
    ],
    ['a re-encryption', EncryptionJobDto, { messageId: 'm-1', operation: 'reencrypt', createdAt }],
    [
      'a templated batch',
      BatchMessageJobDto,
      {
        ...{ senderId: 'ada', recipientIds: ['ben'], template: 't', variables: { a: true } },
        ...{ recipientVariables: { ben: { name: 'Ben' } }, createdAt },
      },
    ],
    [
      '5 000 recipients',
      BatchMessageJobDto,
      { ...batch, recipientIds: Array.from({ length: 5_000 }, (_, at) => `r-${at}`) },
    ],
    ['other cleanups without days', CleanupJobDto, { cleanupType: 'expired_attachments', createdAt }],
  ])('%s is valid, now and after a trip through JSON', async (_, type, payload) => {
    const now = await validated(type, payload);
    const stored = await validated(type, JSON.parse(JSON.stringify(payload)) as object);
    expect(stored).toEqual(now);
    expect(stored).toBeInstanceOf(type);
    expect((stored as { createdAt: unknown }).createdAt).toEqual(createdAt);
  });

  it('makes instances of nested objects', async () => {
    const attachments = [{ id: 'a', fileName: 'a.png', contentType: 'image/png', sizeBytes: 1 }];
    const sent = await validated(SendMessageJobDto, { ...message, attachments });
    expect(sent.attachments?.[0]).toBeInstanceOf(AttachmentDto);
    const notified = await validated(NotificationJobDto, notification);
    expect(notified.pushPayload).toBeInstanceOf(PushPayloadDto);
  });
});

describe('a batch of personal texts', () => {
  const personal = {
    ...{ senderId: 'ada', recipientIds: ['ben', 'cleo'], template: 't', createdAt },
    recipientVariables: { ben: { name: 'Ben' } },
  };

  it.each([{ conversationId: 'c-1' }, { conversationId: 'c-1', recipientIds: ['ben'], segment: 0 }])(
    'is refused in a conversation that others share: %j',
    async (fields) => {
      await expect(validated(BatchMessageJobDto, { ...personal, ...fields })).rejects.toMatchObject({
        issues: [{ path: 'conversationId' }],
      });
    },
  );

  it('is fine without a conversation, and in one with its only recipient', async () => {
    await validated(BatchMessageJobDto, personal);
    const one = { ...personal, recipientIds: ['ben', 'ben'], conversationId: 'c-1' };
    expect((await validated(BatchMessageJobDto, one)).conversationId).toBe('c-1');
  });
});

describe('bad payloads', () => {
  const facade = {
    addMessageDeliveryJob: (payload: unknown) => validated(SendMessageJobDto, payload),
    addDeliveryConfirmationJob: (payload: unknown) => validated(DeliveryConfirmationJobDto, payload),
    addNotificationJob: (payload: unknown) => validated(NotificationJobDto, payload),
    addIndexingJob: (payload: unknown) => validated(IndexingJobDto, payload),
    addEncryptionJob: (payload: unknown) => validated(EncryptionJobDto, payload),
    addBatchMessageJob: (payload: unknown) => validated(BatchMessageJobDto, payload),
    addCleanupJob: (payload: unknown) => validated(CleanupJobDto, payload),
  } satisfies Omit<UntypedFacade, 'enqueue'>;
  const rows = BAD_INPUTS.filter(({ name, code }) => code === 'INVALID_PAYLOAD' && name.startsWith('add'));

  it.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const call = row.call({ facade } as unknown as BadInputBench);
    const error = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InvalidPayloadError);
    const { issues, message } = error as InvalidPayloadError;
    expect(issues.map((issue) => issue.path).sort()).toEqual([...row.paths].sort());
    expect(message).not.toContain(SECRET);
  });
});
