import { IsInt } from 'class-validator';
import type { Queue } from 'bull';
import { HostApps } from '../../../test/support/host-app.js';
import { testQueue } from '../../../test/support/redis-broker-fixture.js';
import type { EnqueueCheck } from '../admission/enqueue-check.js';
import type { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { getQueueToken, MessageQueueModule, MessageQueueService } from '../index.js';
import { JobEnqueuer } from './job-enqueuer.js';

class NoteDto {
  @IsInt() n!: number;
}

const NOTES = testQueue('notes', { jobs: { note: NoteDto } });

describe('a bulk add', () => {
  const apps = new HostApps();
  afterEach(() => apps.close());

  it('answers for each job by itself, even one whose options cannot be read', async () => {
    const module = MessageQueueModule.forRoot({ provider: 'memory', role: 'producer', builtInQueues: false });
    const app = await apps.start({ imports: [module, MessageQueueModule.registerQueue(NOTES)] });
    const options = {
      get priority(): number {
        throw new Error('not now');
      },
    };
    const jobs = Array.from({ length: 150 }, (_, n) => ({ payload: { n }, ...(n === 120 && { options }) }));
    const receipts = await app.get(MessageQueueService).enqueueMany(NOTES, 'note' as never, jobs as never);
    expect(receipts.filter(({ outcome }) => outcome === 'added')).toHaveLength(149);
    expect(receipts[120]).toMatchObject({ outcome: 'rejected' });
    expect(await app.get<Queue>(getQueueToken('notes')).getWaitingCount()).toBe(149);
  });

  it('rejects once when a double under the token refuses, while later jobs are checked', async () => {
    const queue = { name: 'notes', add: () => Promise.reject(new Error('refused')) };
    const queues = {
      get: () => ({ definition: NOTES, queue, broker: { now: () => 0 } }),
      isOverridden: () => true,
    } as unknown as RegisteredQueues;
    const check = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const slow = { queue: 'notes', job: 'note', check } as unknown as EnqueueCheck;
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on('unhandledRejection', hear);
    const jobs = Array.from({ length: 300 }, (_, n) => ({ payload: { n } }));
    const added = new JobEnqueuer(queues, [slow]).addMany('notes', 'note', jobs);
    await expect(added).rejects.toThrow('refused');
    process.removeListener('unhandledRejection', hear);
    expect(unheard).toEqual([]);
  });
});
