import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Processor } from '@nestjs/bull';
import { JobHandler, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import type { MessageQueueOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { freePort, TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import type { SpoolingHostPlan } from './spooling-host.js';
import { NoteDto, NOTES, spoolingOptions } from './spooling.fixture.js';

let ran: number[] = [];

@Processor(NOTES.name)
class NoteProcessor {
  @JobHandler(NOTES, 'note')
  note({ n }: NoteDto): void {
    ran.push(n);
  }
}

describe('an app whose jobs wait on disk while Redis is away', () => {
  const apps = new HostApps();
  let directory: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    ran = [];
    directory = mkdtempSync(join(tmpdir(), 'mq-spooling-'));
  });
  afterEach(async () => {
    await apps.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  /** Starts a host's process. @returns it and the lines that it says */
  function host(plan: SpoolingHostPlan, before = ''): { child: ChildProcess; said: string[] } {
    const node = [process.execPath, '--require', join(__dirname, '../support/typescript-hook.cjs')];
    const args = [...node, join(__dirname, 'spooling-host.ts'), JSON.stringify(plan)];
    const child = spawn('/bin/sh', ['-c', `${before} exec "$@"`, 'sh', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const said: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
    return { child, said };
  }
  const added = (said: readonly string[]): number[] =>
    said.filter((line) => line.startsWith('added ')).map((line) => Number(line.slice('added '.length)));

  const start = async (
    port: number,
    limits: MessageQueueOptions['spool'] = {},
  ): Promise<MessageQueueService> => {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot(spoolingOptions(port, directory, limits)),
        MessageQueueModule.registerQueue(NOTES),
      ],
      providers: [NoteProcessor],
    });
    return app.get(MessageQueueService);
  };

  it('is killed, starts again and has Redis back: every job runs once, in order', async () => {
    const redis = await TestRedis.start(['--appendonly', 'yes', '--appendfsync', 'always']);
    try {
      const { child, said } = host({ port: redis.port, directory });
      await waitUntil(() => added(said).length >= 20, 'it to add', 60_000);
      await redis.kill();
      const before = added(said).length;
      await waitUntil(() => added(said).length >= before + 100, 'it to spool', 60_000);
      child.kill('SIGKILL');
      await once(child, 'close');
      const service = await start(redis.port);
      const health = await service.getQueueHealth(NOTES.name);
      expect(health.spooled?.jobs).toBeGreaterThanOrEqual(100);
      expect(health.reasons.map(({ code }) => code)).toEqual(
        expect.arrayContaining(['BROKER_UNREACHABLE', 'SPOOLED']),
      );
      await redis.spawn();
      const acknowledged = added(said);
      await waitUntil(() => acknowledged.every((n) => ran.includes(n)), 'all to run', 60_000);
      await waitUntil(
        async () => (await service.getQueueMetrics()).totals.waiting === 0,
        'no job to be left',
      );
      expect(ran).toEqual([...new Set(ran)].toSorted((a, b) => a - b));
      const metrics = await service.getQueueMetrics();
      expect(metrics.spooled).toEqual({ jobs: 0, bytes: 0, oldestAt: null, waits: [], setAside: [] });
    } finally {
      await apps.close();
      await redis.stop();
    }
  });

  it('refuses what the spool has no room for, and says what to do', async () => {
    const service = await start(await freePort(), { maxJobs: 3 });
    for (let n = 1; n <= 3; n += 1) await service.enqueue(NOTES, 'note', { n });
    await expect(service.enqueue(NOTES, 'note', { n: 4 })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      message: expect.stringMatching(
        /is full: it holds 3 jobs .* see that Redis is back, or raise spool.maxJobs/,
      ),
    });
    expect((await service.getQueueHealth(NOTES.name)).spooled?.jobs).toBe(3);
  });

  it('refuses what the disk does not take, and keeps what it took', async () => {
    const port = await freePort();
    const { child, said } = host({ port, directory }, 'ulimit -f 800;');
    await waitUntil(() => said.some((line) => line.startsWith('refused ')), 'a refusal', 60_000);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(said.find((line) => line.startsWith('refused '))).toMatch(
      /^refused BrokerUnavailableError: Job "m_.*" was not added .* could not be written to the spool: .*Make room in/,
    );
    const service = await start(port);
    const held = (await service.getQueueHealth(NOTES.name)).spooled?.jobs ?? 0;
    expect(held).toBeGreaterThanOrEqual(added(said).length);
    expect(added(said).length).toBeGreaterThan(0);
  });

  it('does not start without the package, or without a place for the files', async () => {
    const { said } = host({ port: 1, directory, without: 'libsql' });
    writeFileSync(join(directory, 'file'), '');
    await expect(start(1, { directory: join(directory, 'file') })).rejects.toThrow(
      /spool\.directory.*cannot be used: /s,
    );
    await waitUntil(() => said.length > 0, 'it to fail', 60_000);
    expect(said[0]).toMatch(/^failed MissingPackageError: .*npm install libsql/);
  });
});
