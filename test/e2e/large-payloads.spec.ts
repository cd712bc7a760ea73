import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import { OldObjects } from '../support/old-objects.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class LetterDto {
  @IsString()
  text!: string;
}

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Jobs of 50 kB.',
  jobs: { letter: LetterDto },
  concurrency: 5,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 0 },
  timeoutMs: 30_000,
});

const JOBS = 300;
/** All payloads together are 15 MB. On a busy machine more of those under way become old; kept are all or none. */
const FEW_BYTES = 4_000_000;
const MANY_BYTES = 12_000_000;
/** What is under way when memory is looked through may become old with it; beside busy neighbours that is much, but not each time. */
const ROUNDS = 5;
const TEXT = 'See you at the station at nine. '.repeat(1_600);

/** Looks young objects through every few jobs. */
let old: OldObjects | undefined;
let runs = 0;

@Processor('letters')
class LettersProcessor {
  @JobHandler('letter')
  letter({ text }: LetterDto): Promise<void> {
    expect(text.length).toBeGreaterThan(50_000);
    runs += 1;
    if (runs % 50 === 0) old?.collectYoung();
    return Promise.resolve();
  }
}

describe('large payloads', () => {
  const apps = new HostApps();
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    await apps.close();
    await redis.stop();
  });

  it('are not kept once they were added, nor once they were worked off', async () => {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'redis',
          redis: { host: '127.0.0.1', port: redis.port },
          environment: 'test',
          autoStart: false,
          builtInQueues: false,
        }),
        MessageQueueModule.registerQueue(LETTERS),
      ],
      providers: [LettersProcessor],
    });
    const messageQueue = app.get(MessageQueueService);
    const worker = app.get(MessageQueueWorker);
    const grown: number[] = [];
    do {
      old = new OldObjects();
      for (let n = 0; n < JOBS; n++) {
        await messageQueue.enqueue(LETTERS, 'letter', { text: `${TEXT}${String(n)}` });
        if (n % 50 === 0) old.collectYoung();
      }
      const added = old.grownBy;
      runs = 0;
      old = new OldObjects();
      await worker.start();
      await waitUntil(() => runs === JOBS, 'all to run');
      grown.push(Math.max(added, old.grownBy));
      await worker.stop();
    } while (Math.min(...grown) >= FEW_BYTES && grown.length < ROUNDS);
    expect(Math.min(...grown)).toBeLessThan(MANY_BYTES);
  });
});
