import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import type { Plain } from '../../../../test/support/plain.js';
import { PlannedDeliveryDispatch } from '../../../../test/support/planned-delivery-dispatch.js';
import {
  InMemoryBatchProgressStore,
  InMemoryKeyProvider,
  InMemoryTemplateRenderer,
} from '../../adapters/in-memory/index.js';
import { NodeMessageCipher } from '../../adapters/node-crypto/node-message-cipher.js';
import { BatchIdTakenError } from '../../ports/messages/batch-progress-store.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import type { BatchMessageJobDto } from './batch-message-job.dto.js';
import { BatchMessageProcessor } from './batch.processor.js';

const job: Plain<BatchMessageJobDto> = {
  ...{ batchId: 'launch', senderId: 'news', recipientIds: ['r1', 'r2'], content: 'Launch!' },
  createdAt: new Date('2026-01-01T00:00:00Z'),
};

function setUp() {
  const clock = new ManualClock();
  const dispatch = new PlannedDeliveryDispatch();
  const progress = new InMemoryBatchProgressStore();
  const cipher = new NodeMessageCipher(new InMemoryKeyProvider());
  const templates = new InMemoryTemplateRenderer();
  const breakers = new ManualCircuitBreakers();
  const processor = new BatchMessageProcessor(dispatch, progress, templates, clock, breakers, cipher);
  const run = (payload: Plain<BatchMessageJobDto>, jobId: string, addedMs = 0) =>
    processor.processBatch(
      payload,
      fakeJobContext({ jobId, now: clock.now(), addedAt: new Date(clock.now() + addedMs) }),
    );
  const end = (payload: unknown, jobId: string) =>
    processor.onJobEnd({
      ...{ queue: 'batch-message-sending', job: 'batch-send', jobId, attempt: 1, correlationId: jobId },
      ...{ payload, outcome: 'cancelled', reason: 'test' },
    });
  const sentTo = (): string[] => [...dispatch.queued.values()].map(({ recipientId }) => recipientId);
  return { dispatch, progress, run, end, sentTo };
}

describe('a batch id', () => {
  it.each<[string, Partial<Plain<BatchMessageJobDto>>]>([
    ['other recipients', { recipientIds: ['r3', 'r4'] }],
    ['one recipient more', { recipientIds: ['r1', 'r2', 'r3'] }],
    ['one recipient less', { recipientIds: ['r1'] }],
    ['another content', { content: 'Launch?' }],
    ['another sender', { senderId: 'sales' }],
    ['another conversation', { conversationId: 'c1' }],
    ['a template', { template: 'news', variables: {} }],
    ['sealed messages', { requiresEncryption: true }],
  ])('is taken for a batch with %s, which nobody is told was sent', async (_what, other) => {
    const { run, sentTo } = setUp();
    expect(await run(job, 'm_1')).toMatchObject({ sent: 2 });
    await expect(run({ ...job, ...other }, 'm_2')).rejects.toBeInstanceOf(BatchIdTakenError);
    // The same job id, weeks later.
    await expect(run({ ...job, ...other }, 'm_1', 9e8)).rejects.toBeInstanceOf(BatchIdTakenError);
    expect(sentTo()).toEqual(['r1', 'r2']);
  });

  it.each([false, true])('is a repeat for the same batch (sealed: %s)', async (requiresEncryption) => {
    const { run, progress, sentTo } = setUp();
    const batch = { ...job, requiresEncryption };
    await run(batch, 'm_1');
    const again = { ...batch, recipientIds: ['r1', 'r2'], createdAt: new Date('2026-02-01T00:00:00Z') };
    expect(await run(again, 'm_2')).toMatchObject({ sent: 0, repeated: true });
    expect(await run(batch, 'm_1')).toEqual(expect.not.objectContaining({ repeated: true }));
    expect(sentTo()).toEqual(['r1', 'r2']);
    const { origin } = (await progress.find('launch', 0, new AbortController().signal))!;
    expect(origin?.fingerprint.startsWith('sealed:')).toBe(requiresEncryption);
    if (requiresEncryption)
      await expect(run({ ...batch, content: 'x' }, 'm_3')).rejects.toBeInstanceOf(BatchIdTakenError);
  });

  it('is free again when the job that took it ended before it sent anything', async () => {
    const { run, end, dispatch, sentTo } = setUp();
    dispatch.setOutcome('r1', { outcome: 'retry', retryAfterMs: 1 });
    dispatch.setOutcome('r2', { outcome: 'retry', retryAfterMs: 1 });
    await expect(run(job, 'm_1')).rejects.toThrow();
    const other = { ...job, recipientIds: ['r3'] };
    await expect(run(other, 'm_2')).rejects.toBeInstanceOf(BatchIdTakenError);
    await end(other, 'm_2');
    await expect(run(other, 'm_3')).rejects.toBeInstanceOf(BatchIdTakenError);
    await end(job, 'm_1');
    expect(await run(other, 'm_4')).toMatchObject({ sent: 1 });
    expect(sentTo()).toEqual(['r3']);
    await expect(run(job, 'm_1')).rejects.toBeInstanceOf(BatchIdTakenError);
  });

  it('lets the job that took it be edited, in all it says', async () => {
    const { run, sentTo } = setUp();
    await run(job, 'm_1');
    expect(await run({ ...job, recipientIds: ['r2', 'r3'] }, 'm_1')).toMatchObject({ sent: 2 });
    expect(sentTo().sort()).toEqual(['r1', 'r2', 'r3']);
  });

  it('leaves out nobody when the same batch comes in other chunks', async () => {
    const { run, dispatch, sentTo } = setUp();
    const many = { ...job, recipientIds: ['r1', 'r2', 'r3', 'r4'], chunkSize: 2 };
    dispatch.setOutcome('r4', { outcome: 'retry', retryAfterMs: 1 });
    await expect(run(many, 'm_1')).rejects.toThrow();
    dispatch.setOutcome('r4', null);
    expect(await run({ ...many, chunkSize: 3 }, 'm_2')).toMatchObject({ sent: 4 });
    expect(sentTo().sort()).toEqual(['r1', 'r2', 'r3', 'r4']);
  });

  it('names whom it left out, and why', async () => {
    const { run, dispatch } = setUp();
    dispatch.setOutcome('r1', { outcome: 'rejected', reason: 'IDEMPOTENCY_CONFLICT' });
    expect(await run(job, 'm_1')).toMatchObject({
      sent: 1,
      failed: 1,
      refused: [{ recipientId: 'r1', reason: 'IDEMPOTENCY_CONFLICT' }],
    });
  });
});
