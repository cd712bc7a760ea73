import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { compare } from '../support/payload-equivalence.js';
import { CHAT_QUEUES } from '../../src/chat/queues/chat-queues.js';
import { acceptPayload } from '../../src/message-queue/admission/compiled/accept-payload.js';
import { compileClass } from '../../src/message-queue/admission/compiled/compile-class.js';
import type { CompiledClass } from '../../src/message-queue/admission/compiled/compiled-class.js';
import { Reading, UNSURE } from '../../src/message-queue/admission/compiled/json-copy.js';
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
const digested = { ...notification, digestKey: 'c-1', digestTemplate: 'digest' };
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
    {
      ...notification,
      type: 'push',
      pushPayload: { sound: 'a', icon: 'b', image: 'c', tag: 'd', clickAction: 'e' },
    },
    { ...notification, type: 'sms', phoneNumber: '+4915112345678', messageId: 'm-1', conversationId: 'c-1' },
    {
      ...{ recipientId: 'ben', type: 'email', template: 'welcome', variables: { name: 'Ben', n: 1 } },
      ...{ priority: 'urgent', ttlMs: 60_000, emailAddress: 'ben@example.org', createdAt },
    },
    { ...digested, type: 'email', messageId: 'm-1' },
  ],
  'message-notification/send-digest': [
    { ...digested, notificationId: 'n-1', type: 'push', pushPayload: { badge: 1, data: { a: 'b' } } },
    {
      ...{ ...digested, notificationId: 'n-1', type: 'push', messageId: 'm-1', conversationId: 'c-1' },
      pushPayload: { sound: 'a', icon: 'b', image: 'c', tag: 'd', clickAction: 'e' },
    },
    { ...digested, notificationId: 'n-1', type: 'sms', phoneNumber: '+4915112345678' },
    {
      ...{ recipientId: 'ben', type: 'email', template: 'welcome', variables: { name: 'Ben', n: 1 } },
      ...{ priority: 'urgent', ttlMs: 60_000, emailAddress: 'ben@example.org', createdAt },
      ...{ digestKey: 'c-1', notificationId: 'n-1' },
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
    { messageId: 'm-1', operation: 'delete', updatedAt: createdAt, createdAt },
    {
      ...{ messageId: 'm-1', operation: 'update', content: '<p>Hi</p>', format: 'html', senderId: 'ada' },
      ...{ conversationId: 'c-1', recipientIds: ['ben'], updatedAt: createdAt, createdAt },
    },
  ],
  'message-indexing/reindex-messages': [{ createdAt }, { pageSize: 500, createdAt }],
  'message-encryption/encrypt-decrypt': [
    { messageId: 'm-1', operation: 'encrypt', content: 'Hi', algorithm: 'AES-256-GCM', createdAt },
    { messageId: 'm-1', conversationId: 'c-1', operation: 'reencrypt', keyId: 'k', createdAt },
    { messageId: 'm-1', operation: 'encrypt', content: 'Hi', updatedAt: createdAt, createdAt },
  ],
  'batch-message-sending/batch-send': [
    { ...batch, chunkSize: 50, chunkDelay: 200, conversationId: 'c-1', requiresEncryption: true },
    {
      ...{ senderId: 'ada', recipientIds: ['ben'], template: 't', variables: { a: true }, createdAt },
      ...{ recipientVariables: { ben: { name: 'Ben' } }, segment: 1, batchId: 'b-1' },
    },
  ],
  'message-cleanup/cleanup-messages': [
    { cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt },
    { cleanupType: 'expired_attachments', dryRun: true, createdAt },
  ],
  'message-cleanup/erase-traces': [{ receiptId: 'r-1', createdAt }],
  'chat_messages/process-chat-message': [
    { ...user, message: 'Hi' },
    { ...user, message: 'Hi', forceAgent: 'a', messageId: 'm-1' },
  ],
  'conversation_events/record-conversation-event': [{ ...user, eventType: 'opened' }],
  'status_updates/publish-status': [{ userId: 'ada', agentType: 'a', status: 'busy', detail: 'thinking' }],
  'agent_responses/send-agent-response': [{ ...user, agentType: 'a', message: 'Hi', messageId: 'm-1' }],
  'goal_seeking_updates/update-goal': [{ userId: 'ada', goalId: 'g', state: 'open', progressPercent: 50 }],
  'proactive_actions/run-proactive-action': [{ ...user, actionType: 'a', agentType: 'b', message: 'Hi' }],
  'stream_chunks/relay-stream-chunk': [
    { ...user, messageId: 'm-1', chunkIndex: 1, content: 'Hi', isFinal: false },
  ],
  'validation_requests/validate-message': [{ ...user, messageId: 'm-1', content: 'Hi', agentType: 'a' }],
};

const types = [...BUILT_IN_QUEUES, ...CHAT_QUEUES].flatMap(({ name, jobs }) =>
  Object.entries(jobs as Readonly<Record<string, Type<object>>>).map(
    ([job, type]) => [`${name}/${job}`, type] as const,
  ),
);

/** Its rule says what reading an object of a class implies: that it is one. */
const IMPLIED = ['NotificationJobDto.pushPayload', 'DigestItemJobDto.pushPayload'];

const storage = getMetadataStorage();
const isRule = ({ type }: { type: string }): boolean => type === 'customValidation' || type === 'isDefined';

/** Each property that has rules, of the class and of those in it. */
function ruledProperties(type: Type<object>): (readonly [Type<object>, string])[] {
  const asked = jest.spyOn(storage, 'getTargetValidationMetadatas');
  compileClass(type);
  const found = asked.mock.calls.flatMap(([target], call) => {
    const metadatas = (asked.mock.results[call]?.value ?? []) as { type: string; propertyName: string }[];
    const names = new Set(metadatas.filter(isRule).map(({ propertyName }) => propertyName));
    return [...names].map((name) => [target as Type<object>, name] as const);
  });
  asked.mockRestore();
  return found;
}

/** The objects themselves, and all in them. */
function objectsIn(values: readonly unknown[]): object[] {
  return values.flatMap((value) =>
    typeof value === 'object' && value !== null ? [value, ...objectsIn(Object.values(value))] : [],
  );
}

/** The compiled class as if one property had no rules. */
function compiledWithout(type: Type<object>, property: string): CompiledClass {
  const original = storage.getTargetValidationMetadatas.bind(storage);
  const asked = jest.spyOn(storage, 'getTargetValidationMetadatas').mockImplementation((target, ...rest) =>
    original(target, ...rest).map((metadata) => {
      const isLeftOut = target === type && metadata.propertyName === property && isRule(metadata);
      return isLeftOut
        ? (Object.create(metadata, { type: { value: 'whitelistValidation' } }) as typeof metadata)
        : metadata;
    }),
  );
  const compiled = compileClass(type);
  asked.mockRestore();
  if (compiled === undefined) throw new Error(`${type.name} is not understood.`);
  return compiled;
}

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

  it.each(types)('would be found out without the rules of any property: %s', async (job, type) => {
    const usual = USUAL[job] ?? [];
    const unnoticed: string[] = [];
    for (const [target, property] of ruledProperties(type)) {
      const compiled = compiledWithout(target, property);
      const ofTarget = objectsIn(usual).filter((value) => acceptPayload(target, value, 10_000) !== undefined);
      const accept = (_type: unknown, data: unknown, maxBytes: number): object | undefined => {
        try {
          const yes = compiled.read(data, new Reading(maxBytes), 1);
          return yes === UNSURE ? undefined : yes;
        } catch {
          return undefined;
        }
      };
      let isWrong = false;
      for (let seed = 1; seed <= 100 && !isWrong; seed++) {
        isWrong = (await compare(target, ofTarget, { seed, rounds: 60, accept })).wrong.length > 0;
      }
      if (!isWrong && !IMPLIED.includes(`${target.name}.${property}`))
        unnoticed.push(`${target.name}.${property}`);
    }
    expect(unnoticed).toEqual([]);
  });
});
