import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { FilesystemAttachmentFiles } from '../../src/message-queue/adapters/filesystem/index.js';
import * as inMemory from '../../src/message-queue/adapters/in-memory/index.js';
import { MessageQueueModule, QueueName } from '../../src/message-queue/index.js';
import { DeliveryDispatch } from '../../src/message-queue/ports/index.js';
import { CockatielCircuitBreakers } from '../../src/message-queue/resilience/cockatiel-circuit-breakers.js';
import * as contracts from '../../src/message-queue/testing/contracts/index.js';
import { ManualCircuitBreakers, ManualClock, recorded } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { PlannedDeliveryDispatch } from '../support/planned-delivery-dispatch.js';
import { TestRedis } from '../support/redis-server.js';
import { runStoreContracts } from './store-contracts.fixture.js';

describe('InMemoryAttachmentFiles', () => {
  contracts.attachmentFilesContract(() => new inMemory.InMemoryAttachmentFiles());
});

describe('FilesystemAttachmentFiles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-files-contract-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  let made = 0;
  contracts.attachmentFilesContract(() => {
    return new FilesystemAttachmentFiles({ directory: join(directory, String((made += 1))) });
  });
});

describe('InMemoryMessageTransport', () => {
  contracts.messageTransportContract(() => {
    const transport = new inMemory.InMemoryMessageTransport();
    transport.setOutcome('nobody', 'offline');
    return { transport, reachable: 'grace', unreachable: 'nobody', received: () => transport.delivered };
  });
});

describe.each([
  inMemory.InMemoryPushChannel,
  inMemory.InMemoryEmailChannel,
  inMemory.InMemorySmsChannel,
  inMemory.InMemoryInAppChannel,
])('%p', (Channel) => {
  contracts.notificationChannelContract(() => {
    const channel = new Channel();
    return {
      ...{ channel, destination: 'ben', received: () => channel.outbox.sent.length },
      answers: { destination: () => channel.outbox.setOutcome('ben', 'refused') },
    };
  });
});

describe('the in-memory stores', () => {
  runStoreContracts(async () => {
    const data = new inMemory.InMemoryMessages();
    const conversations = new inMemory.InMemoryConversationStore(data);
    const members = new inMemory.InMemoryConversationMembers();
    const messages = new inMemory.InMemoryMessageStore(data);
    const contacts = new inMemory.InMemoryRecipientContacts();
    return {
      attachments: new inMemory.InMemoryAttachmentStore(data),
      audit: new inMemory.InMemoryAuditTrail(),
      batches: new inMemory.InMemoryBatchProgressStore(undefined, data),
      cleanup: new inMemory.InMemoryCleanupStore(data),
      contacts,
      contents: new inMemory.InMemoryEncryptedContentStore(undefined, data),
      conversations,
      devices: new inMemory.InMemoryDeviceTokenStore(),
      feed: new inMemory.InMemoryDeviceFeed(data),
      inbox: new inMemory.InMemoryNotificationInbox(undefined, data),
      // Recorded, as in the test kit.
      index: recorded(new inMemory.InMemorySearchIndex(undefined, conversations, members, messages)),
      keys: new inMemory.InMemoryDataKeyStore(data),
      ledger: new inMemory.InMemoryNotificationLedger(undefined, data),
      members,
      messages,
      preferences: new inMemory.InMemoryNotificationPreferences(),
      suppressions: new inMemory.InMemorySuppressionStore(),
      put: (contact) => contacts.setContact(contact),
    };
  });
});

describe('InMemoryKeyProvider', () => {
  contracts.keyProviderContract(() => new inMemory.InMemoryKeyProvider());
});

describe('InMemoryTemplateRenderer', () => {
  contracts.templateRendererContract(() => {
    const renderer = new inMemory.InMemoryTemplateRenderer();
    const [title, text, html] = ['For {{ name }}', 'Hi {{ name }}', '<p>{{ name }}</p>'];
    renderer.setTemplate('greeting', { title, text, html });
    renderer.setTemplate('list', {
      text: '{{#items}}- {{ title }}\n{{/items}}',
      html: '<ul>{{#items}}<li>{{ title }}</li>{{/items}}</ul>',
    });
    return { renderer, template: 'greeting', list: 'list' };
  });
});

describe('a recorded adapter', () => {
  contracts.messageStoreContract(() =>
    recorded(new inMemory.InMemoryMessageStore(new inMemory.InMemoryMessages())),
  );
});

describe('ManualCircuitBreakers', () => {
  contracts.circuitBreakersContract(() => {
    const breakers = new ManualCircuitBreakers();
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

describe('PlannedDeliveryDispatch', () => {
  contracts.deliveryDispatchContract(() => {
    const dispatch = new PlannedDeliveryDispatch();
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
