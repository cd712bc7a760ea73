import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { CanActivate, DynamicModule, INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { MessageQueueModule, schedule } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { basicAuthAccess } from '../../src/message-queue/operations/index.js';
import { CLEANUP_QUEUE } from '../../src/message-queue/queues/index.js';
import { MessageQueueTestingModule } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { freePort, TestRedis } from '../support/redis-server.js';

@Injectable()
class OperatorGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const SIX =
  'message-delivery × 10, message-notification × 15, message-indexing × 3, message-encryption × 5, batch-message-sending × 2, message-cleanup × 1';
const MEMORY =
  'Jobs: in memory, they die with the process; to keep them, set REDIS_URL, and MESSAGE_QUEUE_PROVIDER to nothing but redis';
const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const NEXT = String.raw`20\d\d-\d\d-\d\dT0[23]:[03]0Z`;

/** Sections of the banner with their lines joined; none where there is none. */
function sectionsIn(lines: readonly string[]): string[] {
  const [text = '', ...more] = lines.filter((line) => line.startsWith('nestjs-message-queue '));
  expect(more).toEqual([]);
  return text
    .replaceAll(/\n {6}/g, ' ')
    .split('\n  - ')
    .filter((section) => section !== '');
}

describe('What a start says', () => {
  const apps: INestApplication[] = [];
  const { logger } = new HostApps();

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    logger.lines.length = 0;
  });

  const reported = (): string[] => sectionsIn(logger.lines);
  const section = (name: string): string | undefined =>
    reported().find((text) => text.startsWith(`${name}: `));

  /** The sections of the banner. */
  async function start(
    options: MessageQueueModuleOptions,
    { prefix, fastify, imports = [] }: { prefix?: string; fastify?: boolean; imports?: DynamicModule[] } = {},
  ): Promise<string[]> {
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({ acceptInMemory: true, privacy: { sealing: 'off' }, ...options }),
        ...imports,
      ],
    })
      .setLogger(logger)
      .compile();
    const app = fastify
      ? module.createNestApplication(new FastifyAdapter(), { logger })
      : module.createNestApplication({ logger });
    apps.push(app);
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    await app.init();
    return reported();
  }

  it('in memory', async () => {
    const sections = await start({ environment: 'development', provider: 'memory' });
    expect(sections).toEqual([
      `nestjs-message-queue ${version}, role "both": adds jobs and runs them`,
      MEMORY,
      `Queues: ${SIX}`,
      // Those whose time comes first, whatever time it is now.
      expect.stringMatching(
        new RegExp(`^Schedules: message-cleanup [a-z_]+ ${NEXT}, message-cleanup [a-z_]+ ${NEXT}, `),
      ),
      'Board: /admin/queues, open to this machine only',
      expect.stringMatching(/^In memory: .*MessageTransport.*: what goes there does not leave this process$/),
      'Off: REST, console and metrics (operations: {}); probes (operations.probes)',
    ]);
    const text = logger.lines.find((line) => line.startsWith('nestjs-message-queue ')) ?? '';
    expect(text.split('\n').filter((line) => line.length > 78)).toEqual([]);
  });

  it('of a worker on Redis, without a password', async () => {
    const redis = await TestRedis.start();
    const url = new URL(redis.url);
    try {
      const options = {
        ...({ environment: 'development', provider: 'redis', role: 'worker', autoStart: false } as const),
        redis: { url: redis.url, db: 2 },
        prefix: 'chat',
        cleanup: { schedules: false },
      };
      const imports = [
        MessageQueueModule.registerQueue(CLEANUP_QUEUE, {
          schedules: [
            schedule(
              'cleanup-messages',
              { cleanupType: 'old_messages', retentionDays: 1, batchSize: 10 },
              { every: 60_000 },
            ),
          ],
        }),
      ];
      expect((await start(options, { imports })).slice(0, 4)).toEqual([
        `nestjs-message-queue ${version}, role "worker": runs jobs, and may add some, once MessageQueueWorker.start() is called`,
        expect.stringMatching(
          new RegExp(`^Jobs: in Redis [\\d.]+ at ${url.hostname}:${url.port}, database 2, prefix "chat"$`),
        ),
        `Queues: ${SIX}`,
        expect.stringMatching(/^Schedules: message-cleanup cleanup-messages 20\d\d-\d\d-\d\dT\d\d:\d\dZ$/),
      ]);
    } finally {
      for (const app of apps.splice(0)) await app.close();
      await redis.stop();
    }
  });

  it('of a producer, which runs nothing and keeps no schedules', async () => {
    const lines = await start({ environment: 'development', provider: 'memory', role: 'producer' });
    expect(lines).toEqual([
      `nestjs-message-queue ${version}, role "producer": adds jobs and runs none`,
      MEMORY,
      `Queues: ${SIX.replaceAll(/ × \d+/g, '')}`,
      'Board: /admin/queues, open to this machine only',
      'Off: REST, console and metrics (operations: {}); probes (operations.probes)',
    ]);
  });

  it.each<[string, MessageQueueModuleOptions['board'], 'development' | 'production', string]>([
    [
      'closed',
      undefined,
      'production',
      'open to nobody until MESSAGE_QUEUE_OPERATORS or an access of the app says who may use it',
    ],
    [
      'behind a password',
      { access: basicAuthAccess({ username: 'ann', password: 'long enough for anybody' }) },
      'production',
      'open to whoever logs in (basic authentication)',
    ],
    ['behind a guard', { access: OperatorGuard }, 'production', 'open to whoever OperatorGuard lets in'],
    [
      'behind a middleware',
      { access: (_request, _response, next) => next() },
      'development',
      'open to whoever the middleware in board.access lets in',
    ],
  ])('of a board %s', async (_how, board, environment, openTo) => {
    await start({ environment, provider: 'memory', acceptInMemory: true, board });
    expect(section('Board')).toBe(`Board: /admin/queues, ${openTo}`);
  });

  it('of a board where nobody said what the process runs for', async () => {
    const { NODE_ENV: named } = process.env;
    delete process.env['NODE_ENV'];
    try {
      await start({ provider: 'memory' });
      expect(section('Board')).toBe(
        'Board: /admin/queues, open to nobody until MESSAGE_QUEUE_OPERATORS or an access of the app says who may use it, or NODE_ENV=development that this machine may',
      );
    } finally {
      process.env['NODE_ENV'] = named;
    }
  });

  it('of a board that is somewhere else, or nowhere', async () => {
    const options = { environment: 'development', provider: 'memory' } as const;
    await start({ ...options, board: { path: 'ops' } }, { prefix: 'api', fastify: true });
    expect(section('Board')).toBe('Board: /api/ops, open to this machine only');
    logger.lines.length = 0;
    await start({ ...options, board: { enabled: false } });
    expect(section('Board')).toBe('Board: off (board.enabled: false)');
  });

  it('of a process without a web server', async () => {
    const module = MessageQueueModule.forRoot({
      environment: 'development',
      provider: 'memory',
      prefix: 'no-web',
    });
    const app = await NestFactory.createApplicationContext(module, { logger });
    expect(section('Board')).toBe('Board: off: this process has no web server');
    await app.close();
  });

  it('of a Redis that does not answer, and of probes', async () => {
    const port = await freePort();
    const redis = { host: '127.0.0.1', port };
    await start(
      {
        environment: 'development',
        redis,
        role: 'producer',
        operations: { rest: false, metrics: true, console: false, probes: { path: '/probe' } },
      },
      { prefix: 'api' },
    );
    expect(section('Jobs')).toBe(
      `Jobs: in Redis at 127.0.0.1:${port}, prefix "message-queue"; it does not answer`,
    );
    expect(section('Probes')).toBe('Probes: /probe/live and /probe/ready, on the web server');
    expect(section('Off')).toBe('Off: REST (operations.rest); console (operations.console)');
  });

  it('of the operations, where they are and who may use them', async () => {
    const options = { environment: 'development', provider: 'memory' } as const;
    const token = 'a-token-that-is-long-enough';
    await start({ ...options, operations: { metrics: { token } } }, { prefix: 'api' });
    expect(section('REST')).toBe('REST: /api/api/queue, open to this machine only');
    expect(section('Console')).toBe('Console: /api/admin/console, open to this machine only');
    expect(section('Metrics')).toBe(
      'Metrics: /api/metrics, open to whoever has the token, and this machine only',
    );
    expect(logger.lines.join('')).not.toContain(token);
  });

  it('is nothing where nobody wants to hear it', async () => {
    expect(await start({ environment: 'development', provider: 'memory', banner: false })).toEqual([]);
  });

  it('is nothing in tests', async () => {
    expect(await start({ environment: 'test', provider: 'memory' })).toEqual([]);
    const module = await Test.createTestingModule({ imports: [MessageQueueTestingModule.register()] })
      .setLogger(logger)
      .compile();
    const app = module.createNestApplication({ logger });
    apps.push(app);
    await app.init();
    expect(reported()).toEqual([]);
  });
});
