import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { IsString } from 'class-validator';
import {
  defineQueue,
  defineRate,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../index.js';
import type { BatchContext, JobContext } from '../index.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from './index.js';

class TextDto {
  @IsString() text!: string;
}

const QUEUE = {
  description: 'Starts its jobs when its flow says so.',
  ...{ concurrency: 5, attempts: 3, timeoutMs: 60_000 },
  backoff: { type: 'fixed', delayMs: 1_000 },
} as const;
const PROVIDER = defineRate('provider', { limit: 1, perMs: 10_000 });

const TEXTS = defineQueue({
  ...QUEUE,
  name: 'texts',
  jobs: { send: TextDto, mail: TextDto, digest: TextDto },
  flow: {
    key: { concurrency: 5, rate: { limit: 1, perMs: 60_000 } },
    jobs: { send: { rate: PROVIDER }, digest: { batch: { size: 3, waitMs: 30_000 } } },
  },
});

const SLOW = defineQueue({
  ...QUEUE,
  name: 'slow',
  jobs: { write: TextDto },
  flow: { rate: { limit: 1, perMs: 5_000 } },
});

@Processor(TEXTS.name)
class TextProcessor {
  readonly sent: string[] = [];
  readonly digests: string[][] = [];

  @JobHandler(TEXTS, 'send')
  send({ text }: TextDto, { rateLimited }: JobContext): void {
    if (text === 'too much' && this.sent.push(text) === 1) rateLimited(3_600_000);
    this.sent.push(text);
  }

  @JobHandler(TEXTS, 'mail')
  mail({ text }: TextDto): void {
    this.sent.push(text);
  }

  @JobHandler(TEXTS, 'digest')
  digest(payloads: readonly TextDto[], batch: BatchContext): number {
    const texts = payloads.map(({ text }) => text);
    this.digests.push(texts);
    const torn = texts.indexOf('torn');
    if (torn >= 0 && this.digests.length === 1) batch.fail(torn, new Error('It is torn.'));
    return texts.length;
  }
}

@Processor(SLOW.name)
class SlowProcessor {
  @JobHandler(SLOW, 'write')
  write(): void {}
}

const QUEUES = [TEXTS, SLOW].map((definition) => MessageQueueModule.registerQueue(definition));

describe('The time of a test kit', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let queue: MessageQueueService;
  let texts: TextProcessor;

  beforeEach(async () => {
    app = await Test.createTestingModule({
      imports: [MessageQueueTestingModule.register(), ...QUEUES],
      providers: [TextProcessor, SlowProcessor],
    }).compile();
    await app.init();
    kit = app.get(MessageQueueTestKit);
    queue = app.get(MessageQueueService);
    texts = app.get(TextProcessor);
  });
  afterEach(() => app.close());

  const digest = (text: string, key?: string) => queue.enqueue(TEXTS, 'digest', { text }, { key });

  it('closes the windows of batches', async () => {
    await digest('one', 'u-7');
    await digest('two', 'u-7');
    expect(await kit.drain()).toMatchObject({ runs: [] });
    const group = kit.group(TEXTS, { job: 'digest', key: 'u-7' });
    expect(await group.held()).toBe(2);
    expect(await kit.advance(29_999)).toMatchObject({ runs: [] });
    expect(await kit.advance(1)).toMatchObject({ completed: 2, runs: [{ result: 2 }, { result: 2 }] });
    expect([texts.digests, await group.held()]).toEqual([[['one', 'two']], 0]);
  });

  it('stands still for a batch that is full', async () => {
    for (const text of ['one', 'two', 'three', 'four']) await digest(text);
    expect(await kit.drain()).toMatchObject({ completed: 3 });
    expect(await kit.advance('30s')).toMatchObject({ completed: 1 });
    expect(texts.digests).toEqual([['one', 'two', 'three'], ['four']]);
  });

  it('collects again, after its backoff, what failed of a batch', async () => {
    for (const text of ['one', 'torn', 'three']) await digest(text);
    expect(await kit.drain()).toMatchObject({
      ...{ completed: 2, retrying: 1 },
      runs: expect.arrayContaining([
        expect.objectContaining({ outcome: 'retrying', delayMs: 1_000, error: new Error('It is torn.') }),
      ]) as unknown,
    });
    expect(await kit.advance('30s')).toMatchObject({ runs: [] });
    expect(await kit.advance('1s')).toMatchObject({ completed: 1, runs: [{ attempt: 2, result: 1 }] });
  });

  it('runs one job alone as a batch of one', async () => {
    expect(await kit.performJob(TEXTS, 'digest', { text: 'alone' })).toBe(1);
    expect(texts.digests).toEqual([['alone']]);
  });

  it('opens the rate of a queue', async () => {
    for (const text of ['one', 'two', 'three', 'four']) await queue.enqueue(SLOW, 'write', { text });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.advance(4_999)).toMatchObject({ completed: 0 });
    expect(await kit.advance(1)).toMatchObject({ completed: 1 });
    expect(await kit.advance('1h')).toMatchObject({ completed: 2 });
    expect(await kit.advance('1h')).toMatchObject({ runs: [] });
  });

  it('opens the rate of a job name, and lets others pass meanwhile', async () => {
    for (const text of ['one', 'two', 'three']) await queue.enqueue(TEXTS, 'send', { text });
    await queue.enqueue(TEXTS, 'mail', { text: 'mail' });
    expect(await kit.drain()).toMatchObject({ completed: 2 });
    expect(texts.sent).toEqual(['one', 'mail']);
    expect(await kit.advance(9_999)).toMatchObject({ completed: 0 });
    expect(await kit.advance('1h')).toMatchObject({ completed: 2 });
    expect(texts.sent).toEqual(['one', 'mail', 'two', 'three']);
  });

  it('opens the rate of a key', async () => {
    const options = { key: 'c-42' };
    for (const text of ['one', 'two', 'three']) await queue.enqueue(TEXTS, 'mail', { text }, options);
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.group(TEXTS, 'c-42').held()).toBe(2);
    expect(await kit.advance(59_999)).toMatchObject({ completed: 0 });
    expect(await kit.advance('2m')).toMatchObject({ completed: 2 });
  });

  it('opens a rate that a handler closed', async () => {
    await queue.enqueue(TEXTS, 'send', { text: 'too much' });
    expect(await kit.drain()).toMatchObject({ completed: 0, deferred: 1 });
    expect(await kit.advance(3_599_999)).toMatchObject({ runs: [] });
    expect(await kit.advance('1m')).toMatchObject({ completed: 1, runs: [{ attempt: 1 }] });
  });
});
