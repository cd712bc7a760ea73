import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import type { Plain } from '../../../../test/support/plain.js';
import { NodeMessageCipher } from '../../adapters/node-crypto/node-message-cipher.js';
import {
  InMemoryKeyProvider,
  InMemoryBatchProgressStore,
  InMemoryTemplateRenderer,
} from '../../adapters/in-memory/index.js';
import { CancelledError, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import type { DispatchedMessage } from '../../ports/messages/delivery-dispatch.js';
import { UnknownTemplateError } from '../../ports/notifications/template-renderer.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import type { BatchMessageJobDto } from './batch-message-job.dto.js';
import { BatchMessageProcessor } from './batch.processor.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import { PlannedDeliveryDispatch } from '../../../../test/support/planned-delivery-dispatch.js';
import { recorded } from '../../testing/recorded.js';

const people = (count: number): string[] => Array.from({ length: count }, (_, at) => `r-${at}`);
const job: Plain<BatchMessageJobDto> = {
  ...{ senderId: 'ada', recipientIds: people(25), content: 'News', chunkSize: 10 },
  ...{ createdAt: new Date('2026-01-01T00:00:00Z') },
};

function setUp() {
  const clock = new ManualClock();
  const dispatch = recorded(new PlannedDeliveryDispatch());
  const progress = recorded(new InMemoryBatchProgressStore());
  const templates = recorded(new InMemoryTemplateRenderer());
  const processor = new BatchMessageProcessor(
    dispatch,
    progress,
    templates,
    clock,
    new ManualCircuitBreakers(),
    new NodeMessageCipher(new InMemoryKeyProvider()),
  );
  const context = (overrides: Parameters<typeof fakeJobContext>[0] = {}) =>
    fakeJobContext({ jobId: 'm_batch', now: clock.now(), ...overrides });
  const chunks = (): string[][] =>
    dispatch.recorder
      .callsOf('dispatchMany')
      .map(({ args }) => (args[0] as DispatchedMessage[]).map(({ recipientId }) => recipientId));
  return { clock, dispatch, progress, templates, processor, context, chunks };
}

describe('batch-send', () => {
  it('gives each recipient of personal texts a conversation of their own, the same whenever it runs', async () => {
    const { processor, context, dispatch, templates } = setUp();
    templates.setTemplate('hello', { text: 'Hi {{ name }}' });
    const personal = {
      ...{ senderId: 'ada', recipientIds: ['ben', 'cleo'], template: 'hello', createdAt: new Date(0) },
      recipientVariables: { ben: { name: 'Ben' }, cleo: { name: 'Cleo' } },
    };
    await processor.processBatch(personal, context());
    const sent = dispatch.recorder.callsOf('dispatchMany').flatMap(({ args }) => args[0]);
    const places = sent.map((message) => message.conversationId);
    expect(new Set(places).size).toBe(2);
    expect(places).not.toContain('m_batch');
    const again = setUp();
    again.templates.setTemplate('hello', { text: 'Hi {{ name }}' });
    await again.processor.processBatch(personal, again.context());
    const second = again.dispatch.recorder.callsOf('dispatchMany').flatMap(({ args }) => args[0]);
    expect(second.map((message) => message.conversationId)).toEqual(places);
  });

  it('hands on one message per recipient, chunk by chunk, with progress per chunk', async () => {
    const { processor, context, chunks, dispatch } = setUp();
    const run = context();
    expect(await processor.processBatch(job, run)).toEqual({
      ...{ batchId: 'm_batch', segment: 0, chunks: 3, sent: 25, failed: 0, skipped: 0 },
    });
    expect(chunks().map((chunk) => chunk.length)).toEqual([10, 10, 5]);
    expect(run.reported.slice(0, 3)).toEqual([
      {
        ...{ percentage: 33, step: 'sending', currentStep: 1, totalSteps: 3 },
        data: { sent: 10, failed: 0, skipped: 0 },
      },
      {
        ...{ percentage: 66, step: 'sending', currentStep: 2, totalSteps: 3 },
        data: { sent: 20, failed: 0, skipped: 0 },
      },
      {
        ...{ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 },
        data: { sent: 25, failed: 0, skipped: 0 },
      },
    ]);
    expect([...dispatch.queued.values()][0]).toMatchObject({
      ...{ senderId: 'ada', recipientId: 'r-0', content: 'News', batchId: 'm_batch' },
      ...{ conversationId: 'm_batch', requiresEncryption: false, createdAt: job.createdAt },
    });
  });

  it('sends once to a recipient named twice', async () => {
    const { processor, context, dispatch } = setUp();
    const doubled = { ...job, recipientIds: ['a', 'b', 'a', 'a', 'c'] };
    expect(await processor.processBatch(doubled, context())).toMatchObject({ sent: 3, skipped: 2 });
    expect([...dispatch.queued.values()].map(({ recipientId }) => recipientId)).toEqual(['a', 'b', 'c']);
  });

  it('adds nobody twice when the job runs twice, in whatever state the first run ended', async () => {
    const { processor, context, dispatch, progress, chunks } = setUp();
    // The worker dies after the second chunk was queued and before that was noted.
    progress.recorder.fail('save', undefined, { after: 1 });
    await expect(processor.processBatch(job, context())).rejects.toThrow();
    expect(dispatch.queued.size).toBe(20);
    const second = await processor.processBatch(job, context({ attempt: 2 }));
    expect(second).toMatchObject({ sent: 25, failed: 0 });
    expect(dispatch.queued.size).toBe(25);
    // It went on at the chunk it had reached: the first one was not handed on again.
    expect(chunks().map(([first]) => first)).toEqual(['r-0', 'r-10', 'r-10', 'r-20']);
    const third = await processor.processBatch(job, context());
    expect(third).toEqual(second);
    expect(chunks()).toHaveLength(4);
  });

  it('keeps segments of one batch apart and their message ids alike', async () => {
    const { processor, context, dispatch, progress } = setUp();
    const segments = [
      { ...job, batchId: 'news', segment: 0, recipientIds: ['a', 'b'] },
      { ...job, batchId: 'news', segment: 1, recipientIds: ['b', 'c'] },
    ];
    for (const segment of segments)
      await processor.processBatch(segment, context({ jobId: `m_${segment.segment}` }));
    expect(dispatch.queued.size).toBe(3);
    expect(await progress.summarize('news')).toMatchObject({ segments: 2, recipients: 4, totalChunks: 2 });
  });

  it('pauses between chunks, and stops in the pause when it is cancelled', async () => {
    const { processor, context, clock, chunks } = setUp();
    const run = context();
    const running = processor.processBatch({ ...job, chunkDelay: 200 }, run);
    await clock.advance(0);
    expect(chunks()).toHaveLength(1);
    await clock.advance(199);
    expect(chunks()).toHaveLength(1);
    await clock.advance(1);
    expect(chunks()).toHaveLength(2);
    const cancelled = new CancelledError('not any more');
    run.abort(cancelled);
    await expect(running).rejects.toBe(cancelled);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10_000);
    expect(chunks()).toHaveLength(2);
  });

  it('does not pause after the last chunk', async () => {
    const { processor, context, clock } = setUp();
    await processor.processBatch({ ...job, chunkSize: 25, chunkDelay: 60_000 }, context());
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on in a later run, without spending an attempt, before a pause that would pass the deadline', async () => {
    const { processor, context, clock, chunks } = setUp();
    const slow = { ...job, chunkDelay: 40_000 };
    const first = processor.processBatch(slow, context({ deadline: clock.now() + 60_000 }));
    const outcome = expect(first).rejects.toMatchObject({ name: 'RetryLater', delayMs: 40_000 });
    await clock.advance(40_000);
    await outcome;
    expect(chunks()).toHaveLength(2);
    const second = await processor.processBatch(slow, context({ deadline: clock.now() + 60_000 }));
    expect(second).toMatchObject({ sent: 25 });
    expect(chunks()).toHaveLength(3);
  });

  it("has as much time as before when the machine's clock is set", async () => {
    const { processor, context, clock, dispatch } = setUp();
    const run = context();
    Object.defineProperty(run, 'deadline', { get: () => clock.now() + 60_000 });
    const send = dispatch.dispatchMany.bind(dispatch);
    dispatch.dispatchMany = async (messages, signal) => {
      await clock.advance(3_600_000);
      return send(messages, signal);
    };
    expect(await processor.processBatch(job, run)).toMatchObject({ sent: 25 });
  });

  it('counts what the delivery queue refuses, and goes on', async () => {
    const { processor, context, dispatch } = setUp();
    dispatch.setOutcome('r-3', { outcome: 'rejected', reason: 'INVALID_PAYLOAD' });
    const run = context();
    expect(await processor.processBatch(job, run)).toMatchObject({ sent: 24, failed: 1 });
    expect(run.lines.join()).toContain('1 of 10 messages');
  });

  it('comes back later when the delivery queue is full, with the same chunk', async () => {
    const { processor, context, dispatch } = setUp();
    dispatch.setOutcome('r-13', { outcome: 'retry', retryAfterMs: 3_000 });
    const run = processor.processBatch(job, context());
    await expect(run).rejects.toBeInstanceOf(RetryLater);
    await expect(run).rejects.toMatchObject({ delayMs: 3_000 });
    dispatch.setOutcome('r-13', null);
    expect(await processor.processBatch(job, context())).toMatchObject({ sent: 25, failed: 0 });
    expect(dispatch.queued.size).toBe(25);
  });

  it("fills a template for each recipient, whose own variables win; a missing one fails that recipient's message", async () => {
    const { processor, context, dispatch, templates } = setUp();
    templates.setTemplate('hi', { text: 'Hi {{ name }}, {{ place }}' });
    const templated = {
      ...{ ...job, content: undefined, template: 'hi', recipientIds: ['a', 'b', 'c'] },
      ...{
        variables: { place: 'Bonn' },
        recipientVariables: { a: { name: 'A' }, b: { name: 'B', place: 'Kyiv' } },
      },
    };
    expect(await processor.processBatch(templated, context())).toMatchObject({ sent: 2, failed: 1 });
    expect([...dispatch.queued.values()].map(({ content }) => content)).toEqual(['Hi A, Bonn', 'Hi B, Kyiv']);
    const unknown = processor.processBatch({ ...templated, template: 'ho' }, context({ jobId: 'm_other' }));
    await expect(unknown).rejects.toBeInstanceOf(UnknownTemplateError);
  });

  it('fails only the recipient whose values the template cannot take', async () => {
    const { processor, context, templates } = setUp();
    templates.setTemplate('hi', { text: 'Hi' });
    const error = new UnrecoverableJobError('Template "hi" (text) could not be filled');
    templates.recorder.fail('render', error, { after: 1 });
    const templated = { ...job, content: undefined, template: 'hi', recipientIds: ['a', 'b', 'c'] };
    expect(await processor.processBatch(templated, context())).toMatchObject({ sent: 2, failed: 1 });
  });

  it('lets the event loop turn between two renderings, and stops there when it is cancelled', async () => {
    const { processor, context, templates } = setUp();
    templates.setTemplate('hi', { text: 'Hi' });
    const templated = { ...job, content: undefined, template: 'hi', chunkSize: 100 };
    const run = context();
    setImmediate(() => run.abort(new CancelledError('enough')));
    await expect(processor.processBatch(templated, run)).rejects.toBeInstanceOf(CancelledError);
    expect(templates.recorder.callsOf('render').length).toBeLessThan(templated.recipientIds.length);
  });

  it('starts over when the job was edited, still adding nobody twice', async () => {
    const { processor, context, dispatch } = setUp();
    await processor.processBatch(job, context());
    const edited = { ...job, chunkSize: 5 };
    expect(await processor.processBatch(edited, context())).toMatchObject({ chunks: 5, sent: 25 });
    expect(dispatch.queued.size).toBe(25);
  });
});
