import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

class DeafJobDto {
  @IsString()
  text!: string;
}

const DEAF = defineQueue({
  name: 'deaf',
  description: 'Jobs of a test.',
  jobs: { deaf: DeafJobDto },
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 20,
});

describe('a handler that ignores its signal', () => {
  const apps = new HostApps();
  afterEach(async () => {
    jest.restoreAllMocks();
    await apps.close();
    process.exitCode = undefined;
  });

  it.each([
    ['keep', false],
    ['exit', true],
  ] as const)('makes its process unhealthy, and with onStuckHandler %p ends it: %p', async (policy, ends) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    @Processor('deaf')
    class DeafProcessor {
      @JobHandler('deaf')
      deaf(): Promise<void> {
        return released;
      }
    }
    // The last resort after a SIGTERM, process.exit, comes after this time: long after this test.
    const shutdownTimeoutMs = 600_000;
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'memory',
          onStuckHandler: policy,
          abortGraceMs: 20,
          shutdownTimeoutMs,
        }),
        MessageQueueModule.registerQueue(DEAF),
      ],
      providers: [DeafProcessor],
    });
    try {
      const service = app.get(MessageQueueService);
      await service.enqueue(DEAF, 'deaf', { text: 'a' });
      const stuck = async (): Promise<boolean> =>
        (await service.getQueueHealth('deaf')).reasons.some(({ code }) => code === 'STUCK_HANDLER');
      await waitUntil(stuck, 'the stuck handler');
      expect(kill.mock.calls).toEqual(ends ? [[process.pid, 'SIGTERM']] : []);
      // Hands the job back: the end of such a run is told by no event.
      const stopped = app.get(MessageQueueWorker).stop({ drain: false });
      release();
      await stopped;
      await waitUntil(async () => !(await stuck()), 'the process to be healthy again');
    } finally {
      release();
    }
  });
});
