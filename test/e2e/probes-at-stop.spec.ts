import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, TestRedis } from '../support/redis-server.js';
import { ProbeFile } from '../../src/message-queue/operations/probes/probe-file.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { waitUntil } from '../support/wait-until.js';
import type { ProbedHostPlan } from './probed-host.js';

describe('A worker that an orchestrator stops', () => {
  let redis: TestRedis;
  const directory = mkdtempSync(join(tmpdir(), 'mq-probes-'));

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(directory, { recursive: true });
  });

  it('is not ready before the first fetch stops, and lives until its jobs have ended', async () => {
    const port = await freePort();
    const file = join(directory, 'alive');
    const plan: ProbedHostPlan = { redis: redis.url, port, file };
    const hook = join(__dirname, '../support/typescript-hook.cjs');
    const child = spawn(
      process.execPath,
      ['--require', hook, join(__dirname, 'probed-host.ts'), JSON.stringify(plan)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const said: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
    try {
      const probe = async (which: string): Promise<unknown> => {
        const response = await fetch(`http://127.0.0.1:${port}/health/${which}`);
        return [response.status, await response.json()];
      };
      await waitUntil(() => said.includes('running'), 'a job to run');
      expect(await probe('live')).toEqual([200, { status: 'ok' }]);
      await waitUntil(async () => String(await probe('ready')).startsWith('200'), 'the worker to be ready');
      await waitUntil(() => existsSync(file), 'the file of a ready worker');
      expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(15_000);
      const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
      child.kill('SIGTERM');
      await waitUntil(() => said.some((line) => line.startsWith('stopping')), 'the stop to begin');
      expect(existsSync(file)).toBe(false);
      await exit;
      // As the process itself saw it, from within: before the first fetch stopped, and behind its last job.
      expect(said.filter((line) => line.startsWith('stop'))).toEqual(['stopping 503 200', 'stopped 503 200']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('leaves no file of an earlier process behind that died', async () => {
    const file = join(directory, 'left');
    writeFileSync(file, '');
    utimesSync(file, 0, 0);
    const clock = new ManualClock();
    let isReady = false;
    const probe = new ProbeFile(file, { isReady: async () => isReady }, clock);
    probe.open();
    expect(existsSync(file)).toBe(false);
    await probe.begin();
    expect(existsSync(file)).toBe(false);
    isReady = true;
    await clock.advance(5_000);
    expect(existsSync(file)).toBe(true);
    utimesSync(file, 0, 0);
    await clock.advance(5_000);
    expect(statSync(file).mtimeMs).toBeGreaterThan(0);
    isReady = false;
    await clock.advance(5_000);
    expect(existsSync(file)).toBe(false);
    isReady = true;
    await clock.advance(5_000);
    probe.end();
    expect(existsSync(file)).toBe(false);
    await clock.advance(10_000);
    expect(existsSync(file)).toBe(false);
    expect(() => new ProbeFile('/no/such/directory/f', { isReady: async () => true }, clock).open()).toThrow(
      /operations\.probes\.file \(MESSAGE_QUEUE_PROBES\): cannot be written: .*its directory must be there/,
    );
  });
});
