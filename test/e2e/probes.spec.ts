import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import type { HealthCheckResult } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { MessageQueueHealthIndicator } from '../../src/message-queue/operations/index.js';
import { freePort } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

@Controller('health')
class HostController {
  @Get('mine')
  mine(): string {
    return 'mine';
  }
}

@Controller('terminus')
class TerminusController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly queues: MessageQueueHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.queues.isHealthy('all'),
      () => this.queues.isHealthy('one', { queues: ['message-delivery'] }),
    ]);
  }
}

const MEMORY: MessageQueueModuleOptions = { provider: 'memory', environment: 'test', acceptInMemory: true };

async function answerOf(url: string): Promise<unknown> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

const OK = [200, '{"status":"ok"}'];

describe.each(['express', 'fastify'] as const)('Probes in the web server of an app on %s', (platform) => {
  let app: INestApplication;

  async function start(options: MessageQueueModuleOptions, prefix?: string): Promise<string> {
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({ ...MEMORY, ...options }),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [HostController, TerminusController],
    }).compile();
    app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), { logger: false })
        : module.createNestApplication({ logger: false });
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }
  afterEach(() => app.close());

  it('answer a word to everybody, beside the routes of the app', async () => {
    const url = await start({
      environment: 'production',
      privacy: { sealing: 'off' },
      operations: { probes: true },
    });
    expect(await answerOf(`${url}/health/live`)).toEqual(OK);
    expect(await answerOf(`${url}/health/ready?x=1`)).toEqual(OK);
    expect(await answerOf(`${url}/health/mine`)).toEqual([200, 'mine']);
    expect((await fetch(`${url}/health/live/more`)).status).toBe(404);
    expect((await fetch(`${url}/health/live`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${url}/health/ready`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('stand behind the global prefix, at the path that was chosen', async () => {
    const url = await start({ operations: { probes: { path: '/probe' } } }, 'v1');
    expect(await answerOf(`${url}/v1/probe/ready`)).toEqual(OK);
    expect((await fetch(`${url}/probe/ready`)).status).toBe(404);
  });

  it('are not there unless they are asked for', async () => {
    const url = await start({ operations: {} });
    expect((await fetch(`${url}/health/live`)).status).toBe(404);
  });

  it('are one thing, and the health of the queues for terminus another', async () => {
    const url = await start({ operations: { probes: true } });
    const well = await fetch(`${url}/terminus`);
    expect([well.status, await well.json()]).toMatchObject([
      200,
      { status: 'ok', info: { all: { status: 'up' }, one: { status: 'up' } } },
    ]);
  });
});

describe('Probes without a web server', () => {
  it('open a port of their own, and close it', async () => {
    const port = await freePort();
    @Module({
      imports: [
        MessageQueueModule.forRoot({ ...MEMORY, operations: { probes: { port, host: '127.0.0.1' } } }),
      ],
    })
    class Worker {}
    const app = await NestFactory.createApplicationContext(Worker, { logger: false });
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(async () => (await fetch(`${url}/health/ready`)).ok, 'the worker to be ready');
    expect(await answerOf(`${url}/health/live`)).toEqual(OK);
    expect((await fetch(`${url}/health`)).status).toBe(404);
    expect((await fetch(`${url}/healthy/live`)).status).toBe(404);

    @Module({
      imports: [
        MessageQueueModule.forRoot({
          ...MEMORY,
          environment: 'development',
          operations: { probes: { port, host: '127.0.0.1' } },
        }),
      ],
    })
    class Second {}
    await expect(
      NestFactory.createApplicationContext(Second, { logger: false, abortOnError: false }),
    ).rejects.toThrow(`is taken: something else listens on ${port} already`);
    await app.close();
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });

  it('say that a worker lives whose Redis was never there, and that it is not ready', async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    @Module({
      imports: [
        MessageQueueModule.forRoot({
          ...{ environment: 'test', role: 'producer', redis: { host: '127.0.0.1', port: nobody } },
          operations: { probes: { port, host: '127.0.0.1' } },
        }),
      ],
    })
    class Worker {}
    const app = await NestFactory.createApplicationContext(Worker, { logger: false });
    expect(await answerOf(`http://127.0.0.1:${port}/health/live`)).toEqual(OK);
    expect(await answerOf(`http://127.0.0.1:${port}/health/ready`)).toEqual([
      503,
      '{"status":"unavailable"}',
    ]);
    const health = await app.get(MessageQueueHealthIndicator).isHealthy('queues');
    expect(health).toMatchObject({ queues: { status: 'down' } });
    expect(health.queues.unhealthy).toContain('message-delivery: BROKER_UNREACHABLE');
    await expect(
      app.get(MessageQueueHealthIndicator).isHealthy('x', { queues: ['none'] }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN_QUEUE',
    });
    await app.close();
  });
});
