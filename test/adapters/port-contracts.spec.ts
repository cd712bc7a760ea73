import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { FilesystemAttachmentFiles } from '../../src/message-queue/adapters/filesystem/index.js';
import * as recording from '../../src/message-queue/adapters/recording/index.js';
import { MessageQueueModule, QueueName } from '../../src/message-queue/index.js';
import { DeliveryDispatch } from '../../src/message-queue/ports/index.js';
import type {
  TransportMessage,
  TransportReceipt,
} from '../../src/message-queue/ports/messages/message-transport.js';
import { CockatielCircuitBreakers } from '../../src/message-queue/resilience/cockatiel-circuit-breakers.js';
import * as contracts from '../../src/message-queue/testing/contracts/index.js';
import { ManualClock } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';

describe('RecordingAttachmentFiles', () => {
  contracts.attachmentFilesContract(() => new recording.RecordingAttachmentFiles());
});

describe('FilesystemAttachmentFiles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-files-contract-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  let made = 0;
  contracts.attachmentFilesContract(() => {
    return new FilesystemAttachmentFiles({ directory: join(directory, String((made += 1))) });
  });
});

/** Its recorder notes calls that fail, too; this one what really was handed over. */
class NotingTransport extends recording.RecordingMessageTransport {
  readonly taken: TransportMessage[] = [];

  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    const receipt = await super.deliver(message, signal);
    if (receipt.reached > 0) this.taken.push(message);
    return receipt;
  }
}

describe('RecordingMessageTransport', () => {
  contracts.messageTransportContract(() => {
    const transport = new NotingTransport();
    transport.setOutcome('nobody', 'offline');
    return { transport, reachable: 'grace', unreachable: 'nobody', received: () => transport.taken };
  });
});

describe.each([
  recording.RecordingPushChannel,
  recording.RecordingEmailChannel,
  recording.RecordingSmsChannel,
  recording.RecordingInAppChannel,
])('%p', (Channel) => {
  contracts.notificationChannelContract(() => {
    const channel = new Channel();
    let received = 0;
    const send = channel.record.send.bind(channel.record);
    channel.record.send = async (notification, signal) => {
      const receipt = await send(notification, signal);
      received += 1;
      return receipt;
    };
    return { channel, destination: 'ben', received: () => received };
  });
});

describe('RecordingCircuitBreakers', () => {
  contracts.circuitBreakersContract(() => {
    const breakers = new recording.RecordingCircuitBreakers();
    return { breakers, open: (dependency) => breakers.open(dependency) };
  });
});

describe('CockatielCircuitBreakers', () => {
  contracts.circuitBreakersContract(() => {
    const breakers = new CockatielCircuitBreakers(new ManualClock(), { failureThreshold: 3 });
    const fail = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
    const open = async (dependency: string): Promise<void> => {
      for (let call = 0; call < 3; call += 1) {
        await breakers.run(dependency, fail).catch(() => undefined);
      }
    };
    return { breakers, open };
  });
});

describe('RecordingDeliveryDispatch', () => {
  contracts.deliveryDispatchContract(() => {
    const dispatch = new recording.RecordingDeliveryDispatch();
    return { dispatch, queued: () => [...dispatch.queued.keys()] };
  });
});

describe.each(['memory', 'redis'] as const)("the module's own DeliveryDispatch on %s", (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let made = 0;
  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  contracts.deliveryDispatchContract(async () => {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          prefix: `dispatch-${(made += 1)}`,
          autoStart: false,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
        }),
      ],
    });
    const queue = app.get<Queue<{ messageId: string }>>(getQueueToken(QueueName.MESSAGE_DELIVERY));
    const queued = async (): Promise<string[]> => {
      const jobs = await queue.getJobs(['waiting', 'delayed', 'paused', 'active', 'completed', 'failed']);
      return jobs.map((job) => job.data.messageId);
    };
    return { dispatch: app.get(DeliveryDispatch), queued };
  });
});
