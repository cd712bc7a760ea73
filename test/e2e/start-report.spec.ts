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
import { TestRedis } from '../support/redis-server.js';

@Injectable()
class OperatorGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const SIX =
  'message-delivery × 10, message-notification × 15, message-indexing × 3, message-encryption × 5, batch-message-sending × 2, message-cleanup × 1';
const MEMORY =
  'Jobs are kept in memory: they die with the process. To keep them, set REDIS_URL and MESSAGE_QUEUE_PROVIDER=redis.';
const CLEANUPS =
  'Schedules: message-cleanup old_messages (0 2 * * *), message-cleanup deleted_conversations (30 2 * * *), message-cleanup expired_attachments (0 3 * * *), message-cleanup old_inbox_entries (30 3 * * *), message-cleanup old_ledger_entries (30 3 * * *), message-cleanup old_batch_progress (30 3 * * *).';

describe('What a start says', () => {
  const apps: INestApplication[] = [];
  const { logger } = new HostApps();

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    logger.lines.length = 0;
  });

  const reported = (): string[] =>
    logger.lines.filter((line) => /^(Jobs are kept|Role "|Queues|Schedules|Board: )/.test(line));

  /** The lines of the start report. */
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
    expect(await start({ environment: 'development', provider: 'memory' })).toEqual([
      MEMORY,
      'Role "both": this process adds jobs and runs them.',
      `Queues (× jobs at the same time): ${SIX}.`,
      CLEANUPS,
      'Board: /admin/queues, open to this machine only.',
    ]);
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
        `Jobs are kept in Redis at ${url.hostname}:${url.port}, database 2, prefix "chat".`,
        'Role "worker": this process runs jobs, and may add some. Work begins when MessageQueueWorker.start() is called.',
        `Queues (× jobs at the same time): ${SIX}.`,
        'Schedules: message-cleanup cleanup-messages (every 60000 ms).',
      ]);
    } finally {
      for (const app of apps.splice(0)) await app.close();
      await redis.stop();
    }
  });

  it('of a producer, which runs nothing and keeps no schedules', async () => {
    const lines = await start({ environment: 'development', provider: 'memory', role: 'producer' });
    expect(lines.slice(1)).toEqual([
      'Role "producer": this process adds jobs and runs none.',
      `Queues: ${SIX.replaceAll(/ × \d+/g, '')}.`,
      'Board: /admin/queues, open to this machine only.',
    ]);
  });

  it.each<[string, MessageQueueModuleOptions['board'], 'development' | 'production', string]>([
    ['closed', undefined, 'production', 'open to nobody until board.access says who may use it'],
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
    const lines = await start({ environment, provider: 'memory', acceptInMemory: true, board });
    expect(lines.at(-1)).toBe(`Board: /admin/queues, ${openTo}.`);
  });

  it('of a board where nobody said what the process runs for', async () => {
    const { NODE_ENV: named } = process.env;
    delete process.env['NODE_ENV'];
    try {
      const lines = await start({ provider: 'memory' });
      expect(lines.at(-1)).toBe(
        'Board: /admin/queues, open to nobody until board.access says who may use it, or NODE_ENV=development that this machine may.',
      );
    } finally {
      process.env['NODE_ENV'] = named;
    }
  });

  it('of a board that is somewhere else, or nowhere', async () => {
    const options = { environment: 'development', provider: 'memory' } as const;
    const moved = await start({ ...options, board: { path: 'ops' } }, { prefix: 'api', fastify: true });
    expect(moved.at(-1)).toBe('Board: /api/ops, open to this machine only.');
    const off = await start({ ...options, board: { enabled: false } });
    expect(off.at(-1)).toBe('Board: off (board.enabled: false).');
  });

  it('of a process without a web server', async () => {
    const module = MessageQueueModule.forRoot({
      environment: 'development',
      provider: 'memory',
      prefix: 'no-web',
    });
    const app = await NestFactory.createApplicationContext(module, { logger });
    expect(reported().at(-1)).toBe('Board: off: this process has no web server.');
    await app.close();
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
