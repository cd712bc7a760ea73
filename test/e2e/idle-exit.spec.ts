import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { IdleHostPlan } from './idle-host.js';

/** A process that is held open stays for good: a minute of a busy machine is not that. */
const DEADLINE_MS = 15_000;

interface Ending {
  /** What it said last. */
  readonly said: string;
  readonly code: number | null;
  /** From its start of waiting for jobs to its end, milliseconds. */
  readonly heldForMs: number;
}

/** Hosts' programs as processes of their own. */
class Programs {
  private readonly children: ChildProcess[] = [];

  /** Runs the program until it ends by itself. @throws Error when it does not */
  async untilItEnds(plan: IdleHostPlan): Promise<Ending> {
    const hook = join(__dirname, '../support/typescript-hook.cjs');
    const child = spawn(
      process.execPath,
      ['--require', hook, join(__dirname, 'idle-host.ts'), JSON.stringify(plan)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.children.push(child);
    let said = '';
    let addedAt = Number.NaN;
    let timer: NodeJS.Timeout | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      said = line;
      if (line === 'added') addedAt = performance.now();
      // Loading the sources takes as long as it takes; only what comes after it is held to a time.
      timer ??= setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    if (code === null)
      throw new Error(`The process said "${said}" and was still there ${DEADLINE_MS} ms later.`);
    return { said, code, heldForMs: performance.now() - addedAt };
  }

  end(): void {
    for (const child of this.children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  }
}

describe('A process with the in-memory provider', () => {
  const programs = new Programs();
  afterEach(() => programs.end());

  it('ends by itself after app.close()', async () => {
    const ending = await programs.untilItEnds({ environment: 'test', delayMs: 0, closes: true });
    expect(ending).toMatchObject({ said: 'done', code: 0 });
  });

  it('ends by itself when nothing is left to do, without app.close(): the clean-up schedules do not hold it', async () => {
    const ending = await programs.untilItEnds({ environment: 'development', delayMs: 0, closes: false });
    expect(ending).toMatchObject({ said: 'done', code: 0 });
  });

  it('stays until its delayed jobs have run', async () => {
    const delayMs = 1_500;
    const ending = await programs.untilItEnds({ environment: 'development', delayMs, closes: false });
    expect(ending).toMatchObject({ said: 'done', code: 0 });
    expect(ending.heldForMs).toBeGreaterThan(delayMs / 2);
  });
});
