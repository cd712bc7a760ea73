import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { compare } from '../support/payload-equivalence.js';
import { CHAT_QUEUES } from '../../src/chat/queues/chat-queues.js';
import { acceptPayload } from '../../src/message-queue/admission/compiled/accept-payload.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/queue-definitions.js';

const createdAt = '2026-11-21T10:00:00.000Z';
const message = {
  messageId: 'm-1',
  senderId: 'ada',
  recipientId: 'ben',
  content: 'Hi!',
  conversationId: 'c-1',
};
const attachment = { id: 'a', fileName: 'a.png', contentType: 'image/png', sizeBytes: 1 };
const notification = { recipientId: 'ben', title: 'Hi', message: 'There is news', createdAt };
const batch = { senderId: 'ada', recipientIds: ['ben', 'cem'], content: 'Hello!', createdAt };
const user = { userId: 'ada', conversationId: 'c-1' };

/** The usual payloads of every job of the package and of the reference app. */
const USUAL: Readonly<Record<string, readonly object[]>> = {
  'message-delivery/send-message': [
    { ...message, requiresEncryption: true, batchId: undefined, createdAt: new Date(createdAt) },
    { ...message, batchId: 'b-1', createdAt },
    { ...message, attachments: [attachment, { ...attachment, url: 'https://example.org/a.png' }], createdAt },
  ],
  'message-delivery/delivery-confirmation': [
    { messageId: 'm-1', recipientId: 'ben', status: 'read', createdAt },
    {
      messageId: 'm-1',
      recipientId: 'b',
      status: 'failed',
      failureReason: 'gone',
      occurredAt: createdAt,
      createdAt,
    },
  ],
  'message-notification/send-notification': [
    { ...notification, type: 'push', pushPayload: { badge: 1, data: { conversationId: 'c-1' } } },
    { ...notification, type: 'sms', phoneNumber: '+4915112345678', messageId: 'm-1' },
    {
      ...{ recipientId: 'ben', type: 'email', template: 'welcome', variables: { name: 'Ben', n: 1 } },
      ...{ priority: 'urgent', ttlMs: 60_000, emailAddress: 'ben@example.org', createdAt },
    },
  ],
  'message-indexing/index-message': [
    {
      messageId: 'm-1',
      operation: 'index',
      content: 'Hi',
      senderId: 'ada',
      conversationId: 'c-1',
      createdAt,
    },
    { messageId: 'm-1', operation: 'delete', createdAt },
  ],
  'message-encryption/encrypt-decrypt': [
    { messageId: 'm-1', operation: 'encrypt', content: 'Hi', algorithm: 'AES-256-GCM', createdAt },
    { messageId: 'm-1', operation: 'reencrypt', createdAt },
  ],
  'batch-message-sending/batch-send': [
    { ...batch, chunkSize: 50, chunkDelay: 200 },
    {
      ...{ senderId: 'ada', recipientIds: ['ben'], template: 't', variables: { a: true }, createdAt },
      ...{ recipientVariables: { ben: { name: 'Ben' } }, segment: 1, batchId: 'b-1' },
    },
  ],
  'message-cleanup/cleanup-messages': [
    { cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt },
    { cleanupType: 'expired_attachments', dryRun: true, createdAt },
  ],
  'chat_messages/process-chat-message': [
    { ...user, message: 'Hi' },
    { ...user, message: 'Hi', forceAgent: 'a' },
  ],
  'conversation_events/record-conversation-event': [{ ...user, eventType: 'opened' }],
  'status_updates/publish-status': [{ userId: 'ada', agentType: 'a', status: 'busy', detail: 'thinking' }],
  'agent_responses/send-agent-response': [{ ...user, agentType: 'a', message: 'Hi' }],
  'goal_seeking_updates/update-goal': [{ userId: 'ada', goalId: 'g', state: 'open', progressPercent: 50 }],
  'proactive_actions/run-proactive-action': [{ ...user, actionType: 'a', agentType: 'b', message: 'Hi' }],
  'stream_chunks/relay-stream-chunk': [
    { ...user, messageId: 'm-1', chunkIndex: 1, content: 'Hi', isFinal: false },
  ],
  'validation_requests/validate-message': [{ ...user, messageId: 'm-1', content: 'Hi' }],
};

const types = [...BUILT_IN_QUEUES, ...CHAT_QUEUES].flatMap(({ name, jobs }) =>
  Object.entries(jobs as Readonly<Record<string, Type<object>>>).map(
    ([job, type]) => [`${name}/${job}`, type] as const,
  ),
);

describe('the compiled payload classes', () => {
  it.each(types)('say yes to usual payloads, and only where the libraries do: %s', async (job, type) => {
    const usual = USUAL[job] ?? [];
    expect(usual).not.toEqual([]);
    for (const payload of usual) expect(acceptPayload(type, payload, 10_000)).toBeInstanceOf(type);
    const { wrong, fastYes, gateYes } = await compare(type, usual, { seed: 3, rounds: 700 });
    expect(wrong).toEqual([]);
    // Few mutations are right: each of the usual ones, and what the libraries take of the others.
    expect(fastYes).toBeGreaterThan(0.5 * gateYes);
    expect(gateYes).toBeGreaterThan(usual.length);
  });
});
