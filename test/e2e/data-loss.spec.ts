import { IsOptional, IsString } from 'class-validator';
import {
  defineQueue,
  getQueueToken,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
  schedule,
} from '../../src/message-queue/index.js';
import { QueueMonitor } from '../../src/message-queue/operations/index.js';
import type { Queue } from 'bull';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class NoteDto {
  @IsOptional()
  @IsString()
  text?: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Its Redis is emptied.',
  jobs: { note: NoteDto },
  concurrency: 2,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 100 },
  timeoutMs: 10_000,
});

let handled: string[] = [];

@Processor(NOTES.name)
class NoteProcessor {
  @JobHandler(NOTES, 'note')
  async note({ text = '' }: NoteDto): Promise<void> {
    handled.push(text);
  }
}

describe('a fleet whose Redis is emptied', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
  });
  beforeEach(() => {
    handled = [];
  });
  afterEach(() => apps.close());
  afterAll(() => redis.stop());

  const start = () =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'redis',
          redis: { host: '127.0.0.1', port: redis.port },
          environment: 'test',
          builtInQueues: false,
        }),
        MessageQueueModule.registerQueue(NOTES, {
          schedules: [schedule('note', {}, { cron: '0 3 1 1 *', tz: 'UTC' })],
        }),
      ],
      providers: [NoteProcessor],
    });

  it('says so once, has its schedules back, works on, and is well when that is acknowledged', async () => {
    const fleet = [await start(), await start()];
    const alerts: string[] = [];
    for (const app of fleet) app.get(JobEvents).on('error', ({ error }) => void alerts.push(error.message));
    const [app] = fleet;
    if (app === undefined) throw new Error('No app.');
    const queue = app.get<Queue>(getQueueToken(NOTES.name));
    const schedules = async (): Promise<number> => (await queue.getRepeatableJobs()).length;
    await waitUntil(async () => (await schedules()) === 1, 'the schedule');
    const admin = redis.client();
    await admin.flushall();
    admin.disconnect();
    // A usual look would come, but later.
    await waitUntil(async () => (await schedules()) === 1, 'the schedule to be back');
    await app.get(MessageQueueService).enqueue(NOTES, 'note', { text: 'after' });
    await waitUntil(() => handled.includes('after'), 'the next job');
    for (const each of fleet) {
      const health = await each.get(MessageQueueService).getQueueHealth(NOTES.name);
      expect(health.reasons[0]).toMatchObject({ code: 'DATA_LOST', severity: 'unhealthy' });
    }
    expect(alerts).toEqual([expect.stringMatching(/emptied while it ran/)]);
    expect(await fleet[1]?.get(QueueMonitor).acknowledgeLoss()).toBe(true);
    for (const each of fleet) {
      expect((await each.get(MessageQueueService).getQueueHealth(NOTES.name)).status).toBe('healthy');
    }
  });
});
