import type { Job } from 'bull';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';

/** What docs/providers.md says is different from plain Bull, on purpose. */
describe('Where the memory queue differs from plain Bull', () => {
  const queues: MemoryQueue[] = [];

  function open(options: ConstructorParameters<typeof MemoryQueue>[1] = {}): MemoryQueue {
    const queue = new MemoryQueue(`differs-${queues.length}`, options);
    queues.push(queue);
    return queue;
  }

  async function waitingIds(queue: MemoryQueue): Promise<string[]> {
    return (await queue.getWaiting()).map((job) => job.id);
  }

  afterEach(() => Promise.all(queues.splice(0).map((queue) => queue.close(true))));

  it('serves LIFO jobs first, then priorities, first in first out within one', async () => {
    const queue = open();
    await queue.add({}, { jobId: 'n1' });
    await queue.add({}, { jobId: 'p2', priority: 2 });
    await queue.add({}, { jobId: 'lifo', lifo: true });
    await queue.add({}, { jobId: 'p2b', priority: 2 });
    expect(await waitingIds(queue)).toEqual(['lifo', 'p2', 'p2b', 'n1']);
  });

  it('fails a job for good whose backoff strategy nobody knows, and says so', async () => {
    const queue = open();
    const errors: string[] = [];
    queue.on('error', (error: Error) => errors.push(error.message));
    void queue.process(async () => Promise.reject(new Error('broken')));
    const job = await queue.add({}, { attempts: 3, backoff: { type: 'nobody-knows' } });
    await expect(job.finished()).rejects.toThrow('broken');
    expect(errors).toEqual([expect.stringContaining('Unknown backoff strategy nobody-knows')]);
    expect(await queue.getActiveCount()).toBe(0);
  });

  it('stays paused when it is emptied, and leaves no delayed job behind', async () => {
    const queue = open();
    const delayed = await queue.add({}, { delay: 60_000 });
    await queue.pause();
    await queue.empty();
    const job = await queue.add({});
    expect([await queue.isPaused(), await job.getState()]).toEqual([true, 'paused']);
    expect(await queue.getJob(delayed.id)).toBeNull();
  });

  it('cleans delayed jobs up to a limit', async () => {
    const queue = open();
    for (const delay of [3_000, 1_000, 2_000]) await queue.add({}, { delay, jobId: `d${delay}` });
    expect(await queue.clean(-60_000, 'delayed', 2)).toEqual(['d1000', 'd2000']);
  });

  it('frees a debounce key when asked', async () => {
    const queue = open();
    const debounce = { id: 'same' };
    await queue.add({}, { debounce });
    expect(await queue.removeDebounceKey('same')).toBe(1);
    expect((await queue.add({}, { debounce })).id).toBe('2');
    expect(await queue.removeDebounceKey('nobody')).toBe(0);
  });

  it('keeps jobs above the rate waiting, in their order', async () => {
    const clock = new ManualClock();
    const queue = open({ clock, limiter: { max: 2, duration: 1_000 } });
    for (let n = 1; n <= 5; n++) await queue.add({ n });
    const ran: string[] = [];
    void queue.process(async (job: Job) => void ran.push(String(job.id)));
    await clock.advance(10);
    expect([ran, await waitingIds(queue)]).toEqual([
      ['1', '2'],
      ['3', '4', '5'],
    ]);
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect(ran).toEqual(['1', '2', '3', '4', '5']);
  });

  it('refuses a payload above its sizeLimit', async () => {
    const queue = open();
    await expect(queue.add('mail', { text: 'ä'.repeat(50) }, { sizeLimit: 100 })).rejects.toThrow(
      'The size of job mail exceeds the limit 100 bytes: its payload has 111 bytes.',
    );
    await queue.add('mail', { text: 'ä'.repeat(44) }, { sizeLimit: 100 });
  });

  it('is a queue of its own even beside one of the same name', async () => {
    const [one, other] = [new MemoryQueue('same'), new MemoryQueue('same')];
    await one.add({});
    expect(await other.count()).toBe(0);
    await Promise.all([one.close(), other.close()]);
  });

  it('refuses adds after it was closed, and still answers questions', async () => {
    const queue = open();
    await queue.add({});
    await queue.close();
    await expect(queue.add({})).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    await expect(queue.addBulk([{ data: {} }])).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    expect(await queue.getWaitingCount()).toBe(1);
  });
});
