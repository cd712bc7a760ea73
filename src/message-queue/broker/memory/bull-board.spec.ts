import { BullAdapter } from '@bull-board/api/bullAdapter';
import { MemoryQueue } from './bull/queue/memory-queue.js';

describe('Bull Board’s adapter over a memory queue', () => {
  const queue = new MemoryQueue('board', { defaultJobOptions: { attempts: 2 } });
  const adapter = new BullAdapter(queue);

  afterAll(() => queue.close());

  it('reads what the board shows', async () => {
    await adapter.addJob('a', { n: 1 }, { attempts: 2 });
    await queue.add('b', {}, { delay: 60_000, jobId: 'two' });
    await (await queue.getJob('1'))?.log('a row');
    expect(await adapter.getJobCounts()).toMatchObject({ waiting: 1, delayed: 1 });
    const jobs = await adapter.getJobs(['waiting', 'delayed'], 0, 9);
    expect(jobs.map((job) => job.toJSON())).toMatchObject([
      { id: '1', name: 'a', data: { n: 1 } },
      { id: 'two', name: 'b' },
    ]);
    expect(await (await adapter.getJob('two'))?.getState()).toBe('delayed');
    expect(await adapter.getJobLogs('1')).toEqual(['a row']);
    expect(await adapter.getMetrics('completed', 0, -1)).toMatchObject({ data: [], count: 0 });
    expect(adapter.getQueueDefaultJobOptions()).toEqual({ attempts: 2 });
    expect(await adapter.getWorkers()).toEqual([]);
    expect(await adapter.getRedisInfo()).toMatch(/^used_memory:\d+\r$/m);
  });

  it('does what the board’s buttons do', async () => {
    await adapter.pause();
    expect(await adapter.isPaused()).toBe(true);
    await adapter.resume();
    await adapter.promoteAll();
    expect(await adapter.getJobCounts()).toMatchObject({ waiting: 2, delayed: 0 });
    const dead = await queue.getNextJob();
    await dead?.discard();
    await dead?.moveToFailed({ message: 'no' });
    await (await adapter.getJob(String(dead?.id)))?.retry();
    expect(await dead?.getState()).toBe('waiting');
    await queue.add('r', {}, { repeat: { cron: '0 2 * * *' } });
    const [schedule] = await adapter.getJobSchedulers();
    expect(schedule).toMatchObject({ name: 'r', pattern: '0 2 * * *' });
    expect(await adapter.removeJobScheduler(String(schedule?.id))).toBe(true);
    await adapter.clean('wait', -1_000);
    expect(await adapter.getJobCounts()).toMatchObject({ waiting: 0, delayed: 0 });
    await adapter.obliterate({ force: true });
  });
});
