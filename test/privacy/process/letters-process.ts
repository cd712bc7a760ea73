import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { workerScript } from '../../faults/process/worker-script.js';
import type { WorkerScript } from '../../faults/process/worker-script.js';
import type { LettersCalls, LettersHostSettings } from './letters-host.js';

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A key of a ring, as `ENCRYPTION_KEYS` has it. */
export function ringKey(name: string): string {
  return `${name}:${randomBytes(32).toString('base64')}`;
}

/** A process with the queue `letters`, and what it is asked. */
export interface LettersProcess {
  ask<Call extends keyof LettersCalls>(
    call: Call,
    ...args: Parameters<LettersCalls[Call]>
  ): ReturnType<LettersCalls[Call]>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** Processes of one test. */
export class LettersProcesses {
  private readonly script: WorkerScript = workerScript('letters-host', 'test/privacy/process');
  private readonly children = new Set<ChildProcess>();

  async start(settings: LettersHostSettings): Promise<LettersProcess> {
    const env = { ...process.env, NODE_PATH: this.script.nodePath };
    const child = fork(this.script.file, [JSON.stringify(settings)], { env, execArgv: [] });
    this.children.add(child);
    const [ready] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as unknown[];
    if (ready !== 'ready') throw new Error(`A process did not start: ${String(ready)}.`);
    let asked = 0;
    const end = async (signal: NodeJS.Signals): Promise<unknown[]> => {
      const exited = once(child, 'exit');
      child.kill(signal);
      this.children.delete(child);
      return exited;
    };
    return {
      ask: ((call: string, ...args: unknown[]): Promise<unknown> => {
        const id = (asked += 1);
        return new Promise((resolve, reject) => {
          const onMessage = ({ id: of, result, error }: Reply): void => {
            if (of !== id) return;
            child.off('message', onMessage);
            if (error === undefined) resolve(result);
            else reject(new Error(error));
          };
          child.on('message', onMessage);
          child.send({ id, call, args });
        });
      }) as LettersProcess['ask'],
      kill: async () => {
        await end('SIGKILL');
      },
      stop: async () => {
        expect(await end('SIGTERM')).toEqual([0, null]);
      },
    };
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    this.script.remove();
  }
}
