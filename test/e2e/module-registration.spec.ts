import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { InjectQueue, OnQueueActive, OnQueueCompleted, Process, Processor } from '@nestjs/bull';
import type { Job, Queue } from 'bull';
import { Broker } from '../../src/message-queue/broker/broker.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import {
  defineQueue,
  getConfigToken,
  getQueueToken,
  InvalidConfigurationError,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
  UnknownQueueError,
} from '../../src/message-queue/index.js';
import { getBrokerToken } from '../../src/message-queue/message-queue.tokens.js';
import {
  DuplicateRegistrationError,
  HandlerRegistrationError,
  MessageQueueWorker,
} from '../../src/message-queue/operations/index.js';
import { Clock, MessageTransport, SystemClock } from '../../src/message-queue/ports/index.js';
import type {
  MessageQueueConfig,
  MessageQueueOptions,
  MessageQueueOptionsFactory,
} from '../../src/message-queue/index.js';
import type { TransportReceipt } from '../../src/message-queue/ports/index.js';
import { HostApps, hostModule } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';
import { FILES, FileProcessor } from './files.fixture.js';

const MESSAGE = {
  messageId: 'm1',
  senderId: 's1',
  recipientId: 'r1',
  content: 'Good morning',
  conversationId: 'c1',
  createdAt: new Date(),
};

/** Hears of jobs beside its handlers. */
@Processor(FILES.name)
class ListeningProcessor extends FileProcessor {
  readonly heard: string[] = [];

  @OnQueueActive()
  onActive(job: Job): void {
    this.heard.push(`active ${job.name}`);
  }

  @OnQueueCompleted()
  onCompleted(job: Job, result: unknown): void {
    this.heard.push(`completed ${job.name} ${String(result)}`);
  }
}

describe('registering the module', () => {
  const apps = new HostApps();
  const environment = { ...process.env };

  afterEach(async () => {
    await apps.close();
    apps.logger.lines.length = 0;
    process.env = { ...environment };
  });

  it('needs nothing but the environment', async () => {
    process.env['QUEUE_PREFIX'] = 'from-env';
    process.env['QUEUE_MESSAGE_DELIVERY_CONCURRENCY'] = '4';
    const app = await apps.start({ imports: [MessageQueueModule] });
    const config = app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);
    expect(config).toMatchObject({ prefix: 'from-env', provider: 'memory', role: 'both' });
    expect(config.queues[QueueName.MESSAGE_DELIVERY]).toMatchObject({ concurrency: 4 });
    expect(app.get(ManagedQueues).names()).toEqual(Object.values(QueueName));
    const service = app.get(MessageQueueService);
    const { id } = await service.addMessageDeliveryJob(MESSAGE);
    await waitUntil(
      async () => (await service.getJobStatus(QueueName.MESSAGE_DELIVERY, id)).state === 'completed',
      'the delivery',
    );
  });

  it('reports every mistake of options and environment at once', async () => {
    process.env['MESSAGE_QUEUE_ROLE'] = 'boss';
    const started = apps.start({
      imports: [MessageQueueModule.forRoot({ prefix: 'a b', queues: { 'message-delivry': {} } })],
    });
    await expect(started).rejects.toThrow(InvalidConfigurationError);
    await expect(started).rejects.toThrow(/prefix[\s\S]*message-delivery|message-delivery[\s\S]*prefix/);
    await expect(started).rejects.toThrow(/MESSAGE_QUEUE_ROLE: must be one of .*, got "boss"/);
  });

  describe('in several modules', () => {
    @Injectable()
    class Consumer {
      constructor(
        readonly service: MessageQueueService,
        @InjectQueue(QueueName.MESSAGE_DELIVERY) readonly queue: Queue,
      ) {}
    }
    @Injectable()
    class OtherConsumer extends Consumer {}

    const cases = [
      ['plainly', () => MessageQueueModule, () => MessageQueueModule],
      ['plainly and with empty options', () => MessageQueueModule, () => MessageQueueModule.forRoot({})],
      [
        'with the same options',
        () => MessageQueueModule.forRoot({ prefix: 'p', queues: { 'message-delivery': { attempts: 4 } } }),
        () => MessageQueueModule.forRoot({ queues: { 'message-delivery': { attempts: 4 } }, prefix: 'p' }),
      ],
      ['with the same factory', asyncRegistration, asyncRegistration],
    ] as const;

    it.each(cases)('counts once: %s', async (_how, first, second) => {
      const app = await apps.start({
        imports: [
          hostModule('OneModule', { imports: [first()], providers: [Consumer] }),
          hostModule('OtherModule', { imports: [second()], providers: [OtherConsumer] }),
        ],
      });
      const [one, other] = [app.get(Consumer), app.get(OtherConsumer)];
      expect(other.service).toBe(one.service);
      expect(other.queue).toBe(one.queue);
      expect(app.get(Broker, { strict: false, each: true })).toHaveLength(1);
    });

    it('fails at start with different options, naming both places', async () => {
      const started = apps.start({
        imports: [
          hostModule('ChatModule', { imports: [MessageQueueModule.forRoot({ prefix: 'one' })] }),
          hostModule('FilesModule', { imports: [MessageQueueModule.forRoot({ prefix: 'two' })] }),
        ],
      });
      await expect(started).rejects.toThrow(DuplicateRegistrationError);
      const { message } = (await started.catch((error: unknown) => error)) as Error;
      const places = message.match(/module-registration\.spec\.ts:\d+:\d+/g) ?? [];
      expect(new Set(places).size).toBe(2);
      expect(message).toContain('imported by ChatModule');
      expect(message).toContain('imported by FilesModule');
    });

    it('names the plain import too', async () => {
      const started = apps.start({
        imports: [
          hostModule('ChatModule', { imports: [MessageQueueModule] }),
          hostModule('FilesModule', { imports: [MessageQueueModule.forRoot({ prefix: 'two' })] }),
        ],
      });
      await expect(started).rejects.toThrow(/the plain import.*ChatModule[\s\S]*FilesModule/);
    });

    it('tells two factories apart', async () => {
      const started = apps.start({
        imports: [
          MessageQueueModule.forRootAsync({ useFactory: () => ({}) }),
          MessageQueueModule.forRootAsync({ useFactory: () => ({}) }),
        ],
      });
      await expect(started).rejects.toThrow(DuplicateRegistrationError);
    });
  });

  describe('asynchronously', () => {
    it('injects into a factory', async () => {
      const app = await apps.start({ imports: [asyncRegistration()] });
      expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).prefix).toBe('from-settings');
    });

    it('makes a class', async () => {
      const app = await apps.start({
        imports: [MessageQueueModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory })],
      });
      expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).prefix).toBe('from-class-from-settings');
    });

    it('uses an existing provider', async () => {
      const module = hostModule('FactoryModule', {
        imports: [SettingsModule],
        providers: [OptionsFactory],
        exports: [OptionsFactory],
      });
      const app = await apps.start({
        imports: [MessageQueueModule.forRootAsync({ imports: [module], useExisting: OptionsFactory })],
      });
      expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).prefix).toBe('from-class-from-settings');
    });

    it('wants exactly one way', () => {
      expect(() => MessageQueueModule.forRootAsync({})).toThrow(InvalidConfigurationError);
      expect(() =>
        MessageQueueModule.forRootAsync({ useFactory: () => ({}), useClass: OptionsFactory }),
      ).toThrow(/2 of them/);
      expect(() =>
        MessageQueueModule.forRootAsync({ useFactory: () => ({}), prefix: 'x' } as object),
      ).toThrow(/prefix: belongs in what the factory returns/);
      expect(() =>
        MessageQueueModule.forRootAsync({ useFactory: () => ({}), adapter: [] } as object),
      ).toThrow(/adapter: is not an option.*"adapters"/);
    });
  });

  describe('visibility', () => {
    @Injectable()
    class Lonely {
      constructor(readonly service: MessageQueueService) {}
    }

    it('is everywhere', async () => {
      const app = await apps.start({
        imports: [MessageQueueModule, hostModule('LonelyModule', { providers: [Lonely] })],
      });
      expect(app.get(Lonely).service).toBe(app.get(MessageQueueService));
    });

    it('is that of an import with isGlobal: false', async () => {
      const local = MessageQueueModule.forRoot({ isGlobal: false });
      const lonely = hostModule('LonelyModule', { providers: [Lonely] });
      const started = apps.start({ imports: [local, lonely] });
      await expect(started).rejects.toThrow(/can't resolve dependencies of the Lonely/);
      const importing = hostModule('ImportingModule', { imports: [local], providers: [Lonely] });
      const app = await apps.start({ imports: [importing] });
      expect(app.get(Lonely).service).toBeInstanceOf(MessageQueueService);
    });
  });

  describe("a host's queue", () => {
    it('has what the six have', async () => {
      process.env['QUEUE_FILE_PROCESSING_CONCURRENCY'] = '5';
      const app = await apps.start({
        imports: [
          MessageQueueModule.forRoot({ queues: { 'file-processing': { attempts: 7 } } }),
          hostModule('FilesModule', {
            imports: [MessageQueueModule.registerQueue(FILES)],
            providers: [ListeningProcessor],
          }),
        ],
      });
      const service = app.get(MessageQueueService);
      const processor = app.get(ListeningProcessor);
      expect(app.get(ManagedQueues).get('file-processing').definition).toMatchObject({
        concurrency: 5,
        attempts: 7,
      });
      const receipt = await service.enqueue(FILES, 'resize', { fileId: 'f1' });
      expect(receipt).toMatchObject({ queue: 'file-processing', name: 'resize', deduplicated: false });
      await waitUntil(() => processor.heard.length === 2, 'the listeners of @nestjs/bull');
      expect(processor.resized).toEqual(['f1']);
      expect(processor.heard).toEqual(['active resize', 'completed resize f1']);
    });

    it('may be registered again the same way', async () => {
      const copy = defineQueue({ ...FILES });
      const app = await apps.start({
        imports: [
          MessageQueueModule,
          hostModule('OneModule', {
            imports: [MessageQueueModule.registerQueue(FILES)],
            providers: [FileProcessor],
          }),
          hostModule('OtherModule', { imports: [MessageQueueModule.registerQueue(copy)] }),
        ],
      });
      expect(app.get(getQueueToken('file-processing'), { strict: false, each: true })).toHaveLength(1);
    });

    it('must not be registered in two ways', async () => {
      const other = defineQueue({ ...FILES, concurrency: 9 });
      const started = apps.start({
        imports: [
          MessageQueueModule,
          MessageQueueModule.registerQueue(FILES),
          MessageQueueModule.registerQueue(other),
        ],
        providers: [FileProcessor],
      });
      await expect(started).rejects.toThrow(DuplicateRegistrationError);
      const { message } = (await started.catch((error: unknown) => error)) as Error;
      expect(new Set(message.match(/module-registration\.spec\.ts:\d+:\d+/g)).size).toBe(2);
    });

    it('must not be named like one of the six', async () => {
      const other = defineQueue({ ...FILES, name: 'message-delivery' });
      const started = apps.start({ imports: [MessageQueueModule, MessageQueueModule.registerQueue(other)] });
      await expect(started).rejects.toThrow(/"message-delivery" is registered twice[\s\S]*built in/);
    });

    it('needs the module itself', async () => {
      const started = apps.start({ imports: [MessageQueueModule.registerQueue(FILES)] });
      await expect(started).rejects.toThrow(/MessageQueueModule is not registered; import it/);
    });

    it('is checked at start', async () => {
      const wrong = defineQueue({ ...FILES, attempts: 0, timeoutMs: -1 });
      const started = apps.start({ imports: [MessageQueueModule, MessageQueueModule.registerQueue(wrong)] });
      await expect(started).rejects.toThrow(/file-processing\.attempts[\s\S]*file-processing\.timeoutMs/);
    });

    it('fails the start without a handler, and with two', async () => {
      const none = apps.start({ imports: [MessageQueueModule, MessageQueueModule.registerQueue(FILES)] });
      await expect(none).rejects.toThrow(HandlerRegistrationError);
      await expect(none).rejects.toThrow(/"resize" of queue "file-processing" has no handler/);

      @Processor('file-processing')
      class SecondProcessor extends FileProcessor {}
      const two = apps.start({
        imports: [MessageQueueModule, MessageQueueModule.registerQueue(FILES)],
        providers: [FileProcessor, SecondProcessor],
      });
      await expect(two).rejects.toThrow(/FileProcessor\.resize.*SecondProcessor\.resize/);
    });

    it('refuses a plain @Process with the fix', async () => {
      @Processor('file-processing')
      class PlainProcessor {
        @Process('resize')
        resize(): void {
          // Never called.
        }
      }
      const started = apps.start({
        imports: [MessageQueueModule, MessageQueueModule.registerQueue(FILES)],
        providers: [PlainProcessor],
      });
      await expect(started).rejects.toThrow(HandlerRegistrationError);
      await expect(started).rejects.toThrow(/PlainProcessor\.resize.*@JobHandler\('resize'\)/);
    });
  });

  describe('a further Redis', () => {
    it('keeps the queues that ask for it, and no second copy of the six', async () => {
      const app = await apps.start({
        imports: [
          MessageQueueModule,
          MessageQueueModule.forRoot({ configKey: 'archive', provider: 'memory', prefix: 'archive' }),
          MessageQueueModule.registerQueue(FILES, { configKey: 'archive' }),
        ],
        providers: [FileProcessor],
      });
      const queues = app.get(ManagedQueues);
      const archive = app.get<Broker>(getBrokerToken('archive'), { strict: false });
      expect(archive).not.toBe(app.get(Broker));
      expect(app.get<MessageQueueConfig>(getConfigToken('archive')).prefix).toBe('archive');
      expect(queues.get('file-processing').broker).toBe(archive);
      expect(queues.get(QueueName.MESSAGE_DELIVERY).broker).toBe(app.get(Broker));
      const processor = app.get(FileProcessor);
      await app.get(MessageQueueService).enqueue(FILES, 'resize', { fileId: 'f2' });
      await waitUntil(() => processor.resized.includes('f2'), 'the job on the further Redis');
    });

    it('must be registered under that key', async () => {
      const started = apps.start({
        imports: [MessageQueueModule, MessageQueueModule.registerQueue(FILES, { configKey: 'archive' })],
        providers: [FileProcessor],
      });
      await expect(started).rejects.toThrow(UnknownQueueError);
      await expect(started).rejects.toThrow(/configuration key "archive"/);
    });

    it('must say where it is', async () => {
      process.env['REDIS_URL'] = 'redis://127.0.0.1:1';
      process.env['MESSAGE_QUEUE_PROVIDER'] = 'memory';
      const started = apps.start({
        imports: [MessageQueueModule, MessageQueueModule.forRoot({ configKey: 'archive' })],
      });
      await expect(started).rejects.toThrow(/configuration key "archive"[\s\S]*must say where its Redis is/);
    });
  });

  describe('what a test replaces', () => {
    it('overrides a queue, for @InjectQueue and the facade alike', async () => {
      const add = jest.fn().mockResolvedValue({ id: '42' });
      const app = await apps.start({ imports: [MessageQueueModule] }, (builder) =>
        builder.overrideProvider(getQueueToken(QueueName.MESSAGE_DELIVERY)).useValue({ add }),
      );
      expect(app.get(getQueueToken(QueueName.MESSAGE_DELIVERY))).toEqual({ add });
      const receipt = await app.get(MessageQueueService).addMessageDeliveryJob(MESSAGE);
      expect(receipt).toMatchObject({ id: '42', queue: QueueName.MESSAGE_DELIVERY });
      expect(add).toHaveBeenCalledWith(
        'send-message',
        expect.objectContaining({ messageId: 'm1', content: MESSAGE.content }),
        expect.anything(),
      );
      expect(app.get(ManagedQueues).names()).not.toContain(QueueName.MESSAGE_DELIVERY);
    });

    it('plugs adapters in: ports, and the clock', async () => {
      const delivered: string[] = [];
      class MyTransport extends MessageTransport {
        override async deliver(message: { readonly content: string }): Promise<TransportReceipt> {
          delivered.push(message.content);
          return { outcome: 'delivered' } as TransportReceipt;
        }

        override async announceStatus(): Promise<void> {
          // Nobody listens.
        }
      }
      class LateClock extends SystemClock {
        override now(): number {
          return super.now() + 1_000_000;
        }
      }
      const app = await apps.start({
        imports: [
          MessageQueueModule.forRoot({
            adapters: [
              { provide: MessageTransport, useClass: MyTransport },
              { provide: Clock, useClass: LateClock },
            ],
          }),
        ],
      });
      expect(app.get(Clock)).toBeInstanceOf(LateClock);
      const { id } = await app.get(MessageQueueService).addMessageDeliveryJob(MESSAGE);
      await waitUntil(() => delivered.length === 1, 'the delivery');
      expect(delivered).toEqual(['Good morning']);
      const job = await app.get(MessageQueueService).getJob(QueueName.MESSAGE_DELIVERY, id);
      expect(job?.timestamp).toBeGreaterThan(Date.now() + 900_000);
    });

    it('takes adapters that need providers of a host module', async () => {
      @Injectable()
      class Wire {
        readonly sent: string[] = [];
      }
      @Injectable()
      class WiredTransport extends MessageTransport {
        constructor(private readonly wire: Wire) {
          super();
        }

        override async deliver(message: { readonly content: string }): Promise<TransportReceipt> {
          this.wire.sent.push(message.content);
          return { outcome: 'sent' } as TransportReceipt;
        }

        override async announceStatus(): Promise<void> {
          // Nobody listens.
        }
      }
      const wireModule = hostModule('WireModule', { providers: [Wire], exports: [Wire] });
      const app = await apps.start({
        imports: [
          MessageQueueModule.forRoot({
            imports: [wireModule],
            adapters: [{ provide: MessageTransport, useClass: WiredTransport }],
          }),
        ],
      });
      await app.get(MessageQueueService).addMessageDeliveryJob(MESSAGE);
      await waitUntil(() => app.get(Wire).sent.length === 1, 'the delivery');
    });

    it('wraps jobs in middleware, in the order registered', async () => {
      const seen: string[] = [];
      const app = await apps.start({
        imports: [
          MessageQueueModule.forRoot({
            middleware: [
              async ({ queue }, next) => {
                seen.push(`outer ${queue}`);
                const result = await next();
                seen.push('outer end');
                return result;
              },
              {
                queue: 'message-indexing',
                middleware: async (_job, next) => (seen.push('indexing'), next()),
              },
              {
                queue: 'message-delivery',
                middleware: async (_job, next) => (seen.push('delivery'), next()),
              },
            ],
          }),
        ],
      });
      await app.get(MessageQueueService).addMessageDeliveryJob(MESSAGE);
      await waitUntil(() => seen.includes('outer end'), 'the job');
      expect(seen).toEqual(['outer message-delivery', 'delivery', 'outer end']);
    });
  });

  describe('with @nestjs/config', () => {
    it('reads what the host loads, although its ConfigModule is not global', async () => {
      const app = await apps.start({
        imports: [
          hostModule('SettingsOfTheHost', {
            imports: [
              ConfigModule.forRoot({
                ignoreEnvFile: true,
                load: [
                  async () => {
                    await new Promise((resolve) => setImmediate(resolve));
                    return { QUEUE_PREFIX: 'loaded', QUEUE_MESSAGE_DELIVERY_ATTEMPTS: 9 };
                  },
                ],
              }),
            ],
          }),
          MessageQueueModule,
        ],
      });
      const config = app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);
      expect(config.prefix).toBe('loaded');
      expect(config.queues['message-delivery']).toMatchObject({ attempts: 9 });
    });

    it('reads what the host loads in a bundle whose class names are gone', async () => {
      const { name } = ConfigModule;
      Object.defineProperty(ConfigModule, 'name', { value: 'e' });
      try {
        const load = [() => ({ QUEUE_PREFIX: 'loaded' })];
        const app = await apps.start({
          imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load }), MessageQueueModule],
        });
        expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).prefix).toBe('loaded');
      } finally {
        Object.defineProperty(ConfigModule, 'name', { value: name });
      }
    });

    it('reads what the host validates and transforms', async () => {
      const app = await apps.start({
        imports: [
          ConfigModule.forRoot({
            ignoreEnvFile: true,
            validate: (env) => ({ ...env, MESSAGE_QUEUE_ROLE: 'producer' }),
          }),
          MessageQueueModule,
        ],
      });
      expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).role).toBe('producer');
      delete process.env['MESSAGE_QUEUE_ROLE'];
    });

    it('injects ConfigService into a factory', async () => {
      process.env['MY_PREFIX'] = 'mine';
      const app = await apps.start({
        imports: [
          MessageQueueModule.forRootAsync({
            imports: [ConfigModule.forRoot({ ignoreEnvFile: true })],
            inject: [ConfigService],
            useFactory: (config: ConfigService) => ({ prefix: config.get<string>('MY_PREFIX') }),
          }),
        ],
      });
      expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).prefix).toBe('mine');
    });
  });

  it('says once, in production, that jobs in memory die with the process', async () => {
    process.env['NODE_ENV'] = 'production';
    process.env['MESSAGE_QUEUE_PROVIDER'] = 'memory';
    process.env['MESSAGE_QUEUE_ACCEPT_IN_MEMORY'] = 'true';
    process.env['MESSAGE_QUEUE_SEALING'] = 'off';
    await apps.start({ imports: [MessageQueueModule] });
    expect(apps.logger.lines.filter((line) => line.includes('die with the process'))).toHaveLength(1);
    delete process.env['MESSAGE_QUEUE_PROVIDER'];
    await expect(apps.start({ imports: [MessageQueueModule] })).rejects.toThrow(/ask for "memory" by name/);
  });

  it('leaves the worker to the host with autoStart: false', async () => {
    const app = await apps.start({ imports: [MessageQueueModule.forRoot({ autoStart: false })] });
    const worker = app.get(MessageQueueWorker);
    expect(worker.isRunning).toBe(false);
    const service = app.get(MessageQueueService);
    const { id } = await service.addMessageDeliveryJob(MESSAGE);
    expect((await service.getJobStatus(QueueName.MESSAGE_DELIVERY, id)).state).toBe('waiting');
    await worker.start();
    await waitUntil(
      async () => (await service.getJobStatus(QueueName.MESSAGE_DELIVERY, id)).state === 'completed',
      'the delivery',
    );
  });
});

@Injectable()
class Settings {
  readonly prefix = 'from-settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory implements MessageQueueOptionsFactory {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  async createMessageQueueOptions(): Promise<MessageQueueOptions> {
    return { prefix: `from-class-${this.settings.prefix}` };
  }
}

function optionsFrom(settings: Settings): MessageQueueOptions {
  return { prefix: settings.prefix };
}

function asyncRegistration(): ReturnType<typeof MessageQueueModule.forRootAsync> {
  return MessageQueueModule.forRootAsync({
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: optionsFrom,
  });
}
