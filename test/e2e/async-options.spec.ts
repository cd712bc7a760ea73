import { Inject, Injectable } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  InvalidConfigurationError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { basicAuthAccess, QueueMonitor } from '../../src/message-queue/operations/index.js';
import { CircuitBreakers } from '../../src/message-queue/ports/index.js';
import type {
  MessageQueueFactoryOptions,
  MessageQueueModuleAsyncOptions,
  MessageQueueOptionsFactory,
} from '../../src/message-queue/index.js';
import { HostApps, hostModule } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

const HOST_SETTINGS = {
  BOARD_PATH: '/ops/jobs',
  BOARD_PASSWORD: 'only for this test',
  MAX_DEAD_LETTERS: '0',
  BREAKER_THRESHOLD: '1',
};

const MESSAGE = {
  messageId: 'm1',
  senderId: 's1',
  recipientId: 'r1',
  content: 'Good morning',
  conversationId: 'c1',
  createdAt: new Date(),
};

/** Queues whose jobs went through the middleware that the options bring along. */
const passed: string[] = [];

/** Everything that can be decided from a host's configuration, decided from it. */
function optionsFrom(config: ConfigService): MessageQueueFactoryOptions {
  return {
    provider: 'memory',
    environment: 'test',
    board: {
      path: config.getOrThrow('BOARD_PATH'),
      access: basicAuthAccess({ username: 'ops', password: config.getOrThrow('BOARD_PASSWORD') }),
    },
    health: { maxDeadLetters: config.getOrThrow('MAX_DEAD_LETTERS') },
    circuitBreakers: { failureThreshold: config.getOrThrow('BREAKER_THRESHOLD') },
    middleware: [async ({ queue }, next) => (passed.push(queue), next())],
  };
}

@Injectable()
class OptionsFromConfig implements MessageQueueOptionsFactory {
  constructor(@Inject(ConfigService) private readonly config: ConfigService) {}

  async createMessageQueueOptions(): Promise<MessageQueueFactoryOptions> {
    return optionsFrom(this.config);
  }
}

const CONFIG = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => HOST_SETTINGS] });
const FACTORY_MODULE = hostModule('FactoryModule', {
  imports: [CONFIG],
  providers: [OptionsFromConfig],
  exports: [OptionsFromConfig],
});

const WAYS: Record<string, MessageQueueModuleAsyncOptions> = {
  useFactory: { imports: [CONFIG], inject: [ConfigService], useFactory: optionsFrom },
  useClass: { imports: [CONFIG], useClass: OptionsFromConfig },
  useExisting: { imports: [FACTORY_MODULE], useExisting: OptionsFromConfig },
};

describe.each(Object.entries(WAYS))('options by %s', (_way, registration) => {
  const apps = new HostApps();

  afterEach(async () => {
    await apps.close();
    passed.length = 0;
  });

  const start = (): ReturnType<HostApps['start']> =>
    apps.start({ imports: [MessageQueueModule.forRootAsync(registration)] });

  it('say where the board is and who may use it', async () => {
    const app = await start();
    await app.listen(0, '127.0.0.1');
    const address = await app.getUrl();
    const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(address + path, { headers, redirect: 'manual' })).status;
    const authorization = `Basic ${Buffer.from('ops:only for this test').toString('base64')}`;
    expect(await status('/ops/jobs', { authorization })).toBe(200);
    expect(await status('/ops/jobs')).toBe(401);
    expect(await status('/admin/queues', { authorization })).toBe(404);
  });

  it('say where health begins to suffer', async () => {
    const app = await start();
    const service = app.get(MessageQueueService);
    const { id } = await service.addCleanupJob(
      { cleanupType: 'old_messages', retentionDays: 1, batchSize: 1, createdAt: new Date() },
      { delay: 3_600_000 },
    );
    await service.cancelJob(QueueName.MESSAGE_CLEANUP, id, 'not wanted');
    const { reasons } = await app.get(QueueMonitor).health(QueueName.MESSAGE_CLEANUP);
    expect(reasons.map(({ code }) => code)).toEqual(['DEAD_LETTERS']);
  });

  it('say when a circuit opens', async () => {
    const app = await start();
    const breakers = app.get(CircuitBreakers, { strict: false });
    await expect(breakers.run('mail', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(breakers.statuses()).toMatchObject([{ dependency: 'mail', state: 'OPEN' }]);
  });

  it('wrap jobs in middleware', async () => {
    const app = await start();
    await app.get(MessageQueueService).addMessageDeliveryJob(MESSAGE);
    await waitUntil(() => passed.includes(QueueName.MESSAGE_DELIVERY), 'the job');
  });
});

describe('what a factory cannot decide', () => {
  const apps = new HostApps();
  afterEach(() => apps.close());

  it('is refused, each with what to do', async () => {
    const late = { isGlobal: true, configKey: 'archive', imports: [], adapters: [] } as object;
    const started = apps.start({
      imports: [MessageQueueModule.forRootAsync({ useFactory: () => late })],
    });
    await expect(started).rejects.toThrow(InvalidConfigurationError);
    for (const key of Object.keys(late)) {
      await expect(started).rejects.toThrow(`${key}: is needed to put the module together`);
    }
    await expect(started).rejects.toThrow('give it beside useFactory');
  });

  it('is what it can decide, beside it', () => {
    const beside = { board: { path: '/x' }, health: {}, circuitBreakers: {}, middleware: [] };
    const register = (): unknown => MessageQueueModule.forRootAsync({ useFactory: () => ({}), ...beside });
    for (const key of Object.keys(beside)) {
      expect(register).toThrow(`${key}: belongs in what the factory returns`);
    }
  });

  it('is anything about the app, for a further Redis', async () => {
    const started = apps.start({
      imports: [
        MessageQueueModule,
        MessageQueueModule.forRootAsync({
          configKey: 'archive',
          useFactory: () => ({
            provider: 'memory' as const,
            board: { path: '/archive' },
            health: { maxDeadLetters: 1 },
          }),
        }),
      ],
    });
    await expect(started).rejects.toThrow(/board, health: belong to the registration of the app/);
  });
});
