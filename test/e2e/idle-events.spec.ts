import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { IdleEventsPlan } from './idle-events-host.js';

/** A process that is held open stays for good: a minute of a busy machine is not that. */
const DEADLINE_MS = 60_000;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

/** Runs the program until it ends by itself. @throws Error when it does not */
async function untilItEnds(plan: IdleEventsPlan): Promise<{ said: string[]; code: number }> {
  const hook = join(__dirname, '../support/typescript-hook.cjs');
  const child = spawn(
    process.execPath,
    ['--require', hook, join(__dirname, 'idle-events-host.ts'), JSON.stringify(plan)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (code === null) throw new Error(`The process said ${said.join(', ')} and stayed.`);
  return { said, code };
}

const threads = { workerCount: 2, maxQueueSize: 100 };

describe('A process with a bus of events and no server', () => {
  it('ends by itself after app.close(): no thread is left', async () => {
    expect(await untilItEnds({ config: threads, eventMs: 0, closes: true })).toEqual({
      said: ['started', 'handled', 'done'],
      code: 0,
    });
  });

  it('ends by itself when there is nothing to do, without app.close()', async () => {
    expect(await untilItEnds({ config: threads, eventMs: null, closes: false })).toEqual({
      said: ['started', 'done'],
      code: 0,
    });
  });

  it.each([
    ['a thread', threads],
    ['the thread of the app', { ...threads, workerCount: 0 }],
  ])('stays until %s has handled what was emitted', async (_, config) => {
    expect(await untilItEnds({ config, eventMs: 1_000, closes: false })).toEqual({
      said: ['started', 'done', 'handled'],
      code: 0,
    });
  });

  it('exits with 1, and no thread, when the module of its threads is not there', async () => {
    const config = { ...threads, workerCount: 4, threads: { module: join(__dirname, 'no-such.module.js') } };
    const { said, code } = await untilItEnds({ config, eventMs: null, closes: false });
    expect(code).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^failed: .*no-such\.module/)]);
  });
});
