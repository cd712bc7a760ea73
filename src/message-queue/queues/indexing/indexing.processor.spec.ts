import { contentVersion } from '../content-version.js';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import type { Plain } from '../../../../test/support/plain.js';
import { guardListeners } from '../../../kernel/host/guarded-signal.js';
import {
  InMemoryConversationStore,
  InMemoryMessages,
  InMemorySearchIndex,
} from '../../adapters/in-memory/index.js';
import { JobTimeoutError } from '../../jobs/errors.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import type { SearchDocument } from '../../ports/search-index.js';
import type { IndexingJobDto } from './indexing-job.dto.js';
import { MessageIndexingProcessor } from './indexing.processor.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import { recorded } from '../../testing/recorded.js';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute));
const job: Plain<IndexingJobDto> = {
  ...{ messageId: 'm-1', operation: 'index', content: 'The <b>harbour</b> at dawn', senderId: 'ada' },
  ...{ conversationId: 'c-1', createdAt: at(0) },
};

function setUp() {
  const index = recorded(new InMemorySearchIndex());
  const conversations = new InMemoryConversationStore(new InMemoryMessages());
  const breakers = new ManualCircuitBreakers();
  const processor = new MessageIndexingProcessor(index, conversations, new ManualClock(), breakers);
  const run = async (change: Partial<IndexingJobDto> = {}): Promise<string> =>
    (await processor.processIndexing({ ...job, ...change }, fakeJobContext())).outcome;
  const found = async (text: string): Promise<string[]> =>
    (await index.search(text)).items.map(({ messageId }) => messageId);
  return { breakers, conversations, index, processor, run, found };
}

/** Warnings of the log. */
function heard(): () => unknown[] {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  return () => warn.mock.calls.map(([message]: unknown[]) => message);
}

describe('index-message', () => {
  it('strips markup, writes and reports progress', async () => {
    const { processor, index, found } = setUp();
    const context = fakeJobContext();
    expect(await processor.processIndexing({ ...job, format: 'html' }, context)).toEqual({
      ...{ messageId: 'm-1', operation: 'index', outcome: 'indexed' },
    });
    expect(context.reported.map(({ step }) => step)).toEqual(['preprocessing', 'writing', 'complete']);
    expect(await found('harbour dawn')).toEqual(['m-1']);
    expect(await found('b')).toEqual([]);
    const documents = index.recorder.callsOf('indexMany')[0]?.args[0];
    expect(documents).toMatchObject([
      { content: 'The harbour at dawn', version: contentVersion(at(0), at(0), false) },
    ]);
  });

  it('lets an older update change nothing, and the same one twice neither', async () => {
    const { run, found } = setUp();
    await run({ operation: 'update', content: 'second', updatedAt: at(2) });
    expect(await run({ operation: 'update', content: 'first', updatedAt: at(1) })).toBe('stale');
    expect(await run()).toBe('stale');
    expect(await run({ operation: 'update', content: 'second', updatedAt: at(2) })).toBe('indexed');
    expect(await found('second')).toEqual(['m-1']);
    expect(await found('first')).toEqual([]);
  });

  it('indexes plain text as it was written, unless the job says that it is HTML', async () => {
    const { run, found } = setUp();
    await run({ content: 'Write to Ben <ben.huber@example.org>' });
    expect(await found('huber')).toEqual(['m-1']);
    await run({ content: '<p title="hidden">shown</p>', format: 'html' });
    expect([await found('hidden'), await found('shown')]).toEqual([[], ['m-1']]);
  });

  it.each([
    ['without a time', {}],
    ['of the same time', { updatedAt: at(0) }],
    ['of an earlier time, by another clock', { updatedAt: at(-5) }],
    ['that was written earlier, by another clock', { createdAt: at(-5) }],
  ])('lets an edit %s outrank the original, whatever comes first', async (_, times) => {
    const edit = { operation: 'update', content: 'corrected', ...times } as const;
    for (const order of [
      [edit, {}],
      [{}, edit],
      [{}, edit, {}],
    ]) {
      const { run, found } = setUp();
      for (const change of order) await run(change);
      expect([await found('corrected'), await found('harbour')]).toEqual([['m-1'], []]);
    }
  });

  it('orders edits by their times, whatever comes first', async () => {
    const { run, found } = setUp();
    await run({ operation: 'update', content: 'second', updatedAt: at(2) });
    expect(await run({ operation: 'update', content: 'first', updatedAt: at(1) })).toBe('stale');
    expect(await run({ operation: 'update', content: 'third', updatedAt: at(3) })).toBe('indexed');
    expect(await run({ updatedAt: at(9) })).toBe('stale');
    expect(await found('third')).toEqual(['m-1']);
  });

  it('indexes nothing that the deletion of its conversation hides, and all that comes later', async () => {
    const { conversations, run, index } = setUp();
    await conversations.markDeleted('c-1', at(5));
    const [late, later, elsewhere] = await Promise.all([
      run({ createdAt: at(5) }),
      run({ messageId: 'm-2', createdAt: at(6) }),
      run({ messageId: 'm-3', conversationId: 'c-2' }),
    ]);
    expect([late, later, elsewhere]).toEqual(['deleted', 'indexed', 'indexed']);
    const written = index.recorder.callsOf('indexMany').flatMap(({ args }) => args[0] as SearchDocument[]);
    expect(written.map(({ messageId }) => messageId)).toEqual(['m-2', 'm-3']);
  });

  it('tells the log once that older documents are left', async () => {
    const { index, run } = setUp();
    const lines = heard();
    index.countOutdated = () => Promise.reject(new Error('index down'));
    await run();
    index.countOutdated = () => Promise.resolve(12);
    await run();
    await run();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines()).toEqual([expect.stringMatching(/^12 messages .* "reindex-messages" job/)]);
  });

  it('makes a delete final: late and newer writes do not undo it', async () => {
    const { run, found } = setUp();
    await run({ operation: 'update', updatedAt: at(5) });
    expect(await run({ operation: 'delete' })).toBe('removed');
    expect(await run()).toBe('deleted');
    expect(await run({ operation: 'update', updatedAt: at(9) })).toBe('deleted');
    expect(await found('harbour')).toEqual([]);
    expect(await run({ operation: 'delete' })).toBe('removed');
  });

  it('deletes what was never indexed, and keeps it out', async () => {
    const { run, found } = setUp();
    await run({ operation: 'delete', messageId: 'm-9', content: undefined });
    expect(await run({ messageId: 'm-9' })).toBe('deleted');
    expect(await found('harbour')).toEqual([]);
  });

  it('writes jobs that wait together with one call', async () => {
    const { index, run, found } = setUp();
    const ids = Array.from({ length: 250 }, (_, n) => `m-${n}`);
    await Promise.all(ids.map((messageId) => run({ messageId })));
    const sizes = index.recorder.callsOf('indexMany').map(({ args }) => (args[0] as unknown[]).length);
    expect(sizes).toEqual([100, 100, 50]);
    expect(await found('harbour')).toHaveLength(50);
  });

  it('fails every job of a write that fails, and goes on after it', async () => {
    const { index, run } = setUp();
    index.recorder.fail('indexMany', new Error('index down'));
    const both = await Promise.allSettled([run(), run({ messageId: 'm-2' })]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await run()).toBe('indexed');
  });

  it('waits while the index is down', async () => {
    const { breakers, index, run } = setUp();
    breakers.open('search');
    await expect(run()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await expect(run({ operation: 'delete' })).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    breakers.close('search');
    expect(index.recorder.calls).toEqual([]);
    expect(await run()).toBe('indexed');
  });

  it("lets one job's timeout stop neither its neighbour nor the write", async () => {
    const { index, processor, run } = setUp();
    index.recorder.fail('indexMany', 'stuck');
    const context = fakeJobContext();
    const late = processor.processIndexing(job, context);
    const neighbour = run({ messageId: 'm-2' });
    while (index.recorder.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const timeout = new JobTimeoutError('60 s');
    context.abort(timeout);
    await expect(late).rejects.toBe(timeout);
    index.recorder.release();
    await expect(neighbour).rejects.toThrow('released');
    expect(await run({ messageId: 'm-3' })).toBe('indexed');
  });

  it('guards what the index listens with on the signal of a write, as the job’s own is', async () => {
    const { index, processor } = setUp();
    const failures: unknown[] = [];
    const broken = new Error('listener');
    index.indexMany = (_documents, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        signal.addEventListener('abort', () => {
          throw broken;
        });
        context.abort(new JobTimeoutError('60 s'));
      });
    const context = fakeJobContext();
    guardListeners(context.signal, (error) => failures.push(error));
    await expect(processor.processIndexing(job, context)).rejects.toBeInstanceOf(JobTimeoutError);
    expect(failures).toEqual([broken]);
  });

  it('aborts the write when all of its jobs were aborted', async () => {
    const { index, processor } = setUp();
    index.recorder.fail('indexMany', 'hang');
    const context = fakeJobContext();
    const run = processor.processIndexing(job, context);
    while (index.recorder.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const timeout = new JobTimeoutError('60 s');
    context.abort(timeout);
    await expect(run).rejects.toBe(timeout);
    // Had the hanging write not been aborted with it, the next one would wait forever.
    expect((await processor.processIndexing(job, fakeJobContext())).outcome).toBe('indexed');
  });
});
