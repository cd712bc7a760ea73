import { randomUUID } from 'node:crypto';
import { getQueueToken, Processor } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class Word {
  @IsString()
  word!: string;
}

const WORDS = defineQueue({
  ...{ name: 'traced-words', description: 'Words.', jobs: { say: Word, collect: Word } },
  ...{ concurrency: 2, attempts: 2, timeoutMs: 30_000, backoff: { type: 'fixed', delayMs: 1 } },
  flow: { jobs: { collect: { batch: { size: 3, waitMs: 600_000 } } } },
});

@Injectable()
@Processor(WORDS.name)
class Speaker {
  @JobHandler(WORDS, 'say')
  async say({ word }: Word): Promise<void> {
    await Promise.resolve();
    trace.getTracer('host').startSpan(`host ${word}`).end();
    if (word === 'bad tangerine') throw new TypeError('will not say bad tangerine');
  }

  @JobHandler(WORDS, 'collect')
  collect(words: Word[]): void {
    trace.getTracer('host').startSpan(`collect ${words.length}`).end();
  }
}

const exporter = new InMemorySpanExporter();

describe('Traces', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let prefix: string;

  beforeAll(async () => {
    redis = await TestRedis.start();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterAll(async () => {
    await redis.stop();
    trace.disable();
    context.disable();
  });
  beforeEach(() => {
    exporter.reset();
    prefix = `t-${randomUUID()}`;
  });
  afterEach(() => apps.close());

  const start = (options: MessageQueueModuleOptions): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({ environment: 'test', builtInQueues: false, ...options }),
        MessageQueueModule.registerQueue(WORDS),
      ],
      providers: [Speaker],
    });

  /** The app that adds, and the one that runs; in memory the same. */
  async function pair(
    provider: 'memory' | 'redis',
    options: MessageQueueModuleOptions = {},
  ): Promise<INestApplication> {
    if (provider === 'memory') return start({ provider, ...options });
    const shared = { redis: { url: redis.url }, prefix, ...options };
    await start({ ...shared, role: 'worker' });
    return start({ ...shared, role: 'producer' });
  }
  const spans = (name: string): ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.name === name);
  const runs = (count: number): Promise<ReadableSpan[]> =>
    waitUntil(() => {
      const ended = spans('process traced-words');
      return ended.length >= count ? ended : null;
    }, `${count} runs to be traced`);
  const inSpan = <T>(name: string, call: () => Promise<T>): Promise<T> =>
    trace.getTracer('host').startActiveSpan(name, async (span) => {
      try {
        return await call();
      } finally {
        span.end();
      }
    });
  const linked = ({ links }: ReadableSpan): string[] => links.map((link) => link.context.spanId);

  it.each(['memory', 'redis'] as const)(
    'lead on %s from what added a job to its attempts, and to what they did',
    async (provider) => {
      const app = await pair(provider);
      const service = app.get(MessageQueueService);
      const { id } = await inSpan('request', () => service.enqueue(WORDS, 'say', { word: 'bad tangerine' }));
      const [first, second] = (await runs(2)) as [ReadableSpan, ReadableSpan];
      const [request] = spans('request') as [ReadableSpan];
      const [send, ...others] = spans('send traced-words') as [ReadableSpan];
      expect(others).toEqual([]);
      expect(send).toMatchObject({
        kind: SpanKind.PRODUCER,
        parentSpanContext: { spanId: request.spanContext().spanId },
        attributes: {
          'messaging.system': 'bull',
          'messaging.destination.name': 'traced-words',
          'messaging.operation.type': 'send',
          'messaging.message.id': id,
        },
      });
      const sentBy = send.spanContext().spanId;
      for (const [run, attempt] of [
        [first, 1],
        [second, 2],
      ] as const) {
        expect(run).toMatchObject({
          kind: SpanKind.CONSUMER,
          parentSpanContext: { spanId: sentBy, isRemote: true },
          attributes: {
            ...{ 'messaging.operation.type': 'process', 'messaging.message.id': id },
            ...{
              'messaging.bull.job.attempt': attempt,
              'messaging.bull.job.name': 'say',
              'error.type': 'TypeError',
            },
          },
          status: { code: SpanStatusCode.ERROR, message: 'TypeError' },
        });
        expect(run.spanContext().traceId).toBe(request.spanContext().traceId);
      }
      expect(linked(first)).toEqual([sentBy]);
      expect(linked(second)).toEqual([sentBy, first.spanContext().spanId]);
      expect(spans('host bad tangerine').map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([
        first.spanContext().spanId,
        second.spanContext().spanId,
      ]);
      const ours = exporter.getFinishedSpans().filter(({ name }) => name.endsWith('traced-words'));
      expect(
        JSON.stringify(ours.map(({ attributes, status, events }) => [attributes, status, events])),
      ).not.toContain('tangerine');
      const job = await app.get<Queue>(getQueueToken(WORDS.name), { strict: false }).getJob(id);
      expect((job?.opts as { mq: { trace: string } }).mq.trace).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    },
  );

  it.each(['memory', 'redis'] as const)(
    'are of adds in bulk and by the injected queue on %s too',
    async (provider) => {
      const app = await pair(provider);
      const service = app.get(MessageQueueService);
      const queue = app.get<Queue>(getQueueToken(WORDS.name), { strict: false });
      const payload = { word: 'good' };
      await service.enqueueMany(WORDS, 'say', [{ payload }, { payload }, { payload: { word: 7 as never } }]);
      await queue.add('say', payload);
      await queue.add('say', payload, { priority: 3 });
      await queue.addBulk([
        { name: 'say', data: payload },
        { name: 'say', data: payload, opts: {} },
      ]);
      const ended = await runs(6);
      const sends = spans('send traced-words');
      expect(sends.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual([
        3,
        undefined,
        undefined,
        2,
      ]);
      expect(ended.map(({ status }) => status.code)).toEqual(
        Array.from({ length: 6 }, () => SpanStatusCode.UNSET),
      );
      const bySend = sends.map((send) =>
        ended.filter((run) => run.parentSpanContext?.spanId === send.spanContext().spanId),
      );
      expect(bySend.map((those) => those.length)).toEqual([2, 1, 1, 2]);
    },
  );

  it('say of an add that is refused which error it was, and nothing of what was added', async () => {
    const app = await start({ provider: 'memory' });
    await expect(app.get(MessageQueueService).enqueue(WORDS, 'say', { word: 7 as never })).rejects.toThrow();
    expect(spans('send traced-words')).toMatchObject([
      {
        attributes: { 'error.type': 'INVALID_PAYLOAD' },
        status: { code: SpanStatusCode.ERROR, message: 'INVALID_PAYLOAD' },
        events: [],
      },
    ]);
  });

  it('are traces of their own that link to the add, where that is wanted', async () => {
    const app = await pair('redis', { traces: { links: true } });
    await app.get(MessageQueueService).enqueue(WORDS, 'say', { word: 'bad tangerine' });
    const [first, second] = (await runs(2)) as [ReadableSpan, ReadableSpan];
    const [send] = spans('send traced-words') as [ReadableSpan];
    expect(first.parentSpanContext).toBeUndefined();
    expect(new Set([send, first, second].map((span) => span.spanContext().traceId)).size).toBe(3);
    expect(linked(second)).toEqual([send.spanContext().spanId, first.spanContext().spanId]);
  });

  it('are one of a batch, with a link to what added each of its jobs', async () => {
    const app = await start({ provider: 'memory' });
    const service = app.get(MessageQueueService);
    for (const word of ['one', 'two', 'three']) await service.enqueue(WORDS, 'collect', { word });
    const [run, ...others] = (await runs(1)) as [ReadableSpan];
    expect(others).toEqual([]);
    expect(run.attributes).toMatchObject({ 'messaging.batch.message_count': 3 });
    expect(linked(run)).toEqual(spans('send traced-words').map((send) => send.spanContext().spanId));
    expect(spans('collect 3')[0]?.parentSpanContext?.spanId).toBe(run.spanContext().spanId);
  });

  it('leave schedules alone, whose runs go on for years, and do not mind what stands in their place', async () => {
    const app = await start({ provider: 'memory' });
    const queue = app.get<Queue>(getQueueToken(WORDS.name), { strict: false });
    await queue.add('say', { word: 'again' }, { repeat: { every: 60_000 } });
    await queue.add('say', { word: 'odd' }, { mq: { trace: 'not one' } } as never);
    const [run] = (await runs(1)) as [ReadableSpan];
    expect(run.parentSpanContext?.spanId).toBe(spans('send traced-words').at(-1)?.spanContext().spanId);
    const [repeated] = await queue.getDelayed();
    expect((repeated?.opts as { mq?: object }).mq).not.toHaveProperty('trace');
  });

  it('are off where they are not wanted', async () => {
    const app = await start({ provider: 'memory', traces: { enabled: false } });
    const service = app.get(MessageQueueService);
    const { id } = await service.enqueue(WORDS, 'say', { word: 'quiet' });
    await waitUntil(() => spans('host quiet').length === 1, 'the run');
    expect(exporter.getFinishedSpans().filter(({ name }) => name.endsWith('traced-words'))).toEqual([]);
    const job = await app.get<Queue>(getQueueToken(WORDS.name), { strict: false }).getJob(id);
    expect((job?.opts as { mq?: object }).mq ?? {}).not.toHaveProperty('trace');
  });
});
