import type { TestingModule } from '@nestjs/testing';
import { MessageQueueService, QueueName } from '../index.js';
import type { MessageQueueTestKit } from './index.js';
import { startTestKit } from '../../../test/support/message-queue-test-kit-fixture.js';
import type { MessageService } from '../../../test/support/message-queue-test-kit-fixture.js';

describe('what happened, under the clock of MessageQueueTestKit', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let service: MessageService;

  beforeEach(async () => {
    ({ app, kit, service } = await startTestKit());
  });
  afterEach(() => app.close());

  it('moves with it: a day later it is a day old, and out of sight after three', async () => {
    const queue = app.get(MessageQueueService);
    const completed = async (hours: number): Promise<readonly (readonly [number, number])[]> => {
      const { points } = await queue.getQueueHistory(QueueName.MESSAGE_DELIVERY, { hours, stepMinutes: 60 });
      return points.flatMap(({ at, completed: count }) => (count === 0 ? [] : [[at, count] as const]));
    };
    await service.send('m1');
    await kit.drain();
    const [first] = await completed(1);
    expect(first?.[1]).toBe(1);
    await kit.advance('24h');
    await service.send('m2');
    await kit.drain();
    const [before, now] = await completed(72);
    expect([before, now?.[1]]).toEqual([first, 1]);
    expect((now?.[0] ?? 0) - (before?.[0] ?? 0)).toBe(24 * 3_600_000);
    expect(await completed(1)).toEqual([now]);
    // What is of the last 5 minutes is of the clock's.
    expect((await queue.getQueueMetrics()).queues[QueueName.MESSAGE_DELIVERY].enqueuedLast5m).toBe(1);
    await kit.advance('72h');
    expect(await completed(72)).toEqual([]);
  });
});
