import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { FaultHostSettings } from '../process/fault-queue.js';
import type { HostAnswer, HostHealth, HostOrder } from '../process/host-order.js';
import { writeNote } from '../process/run-notes.js';
import type { WorkerScript } from '../process/worker-script.js';
import { waitUntil } from '../../support/wait-until.js';

const LEAVES_WITHIN_MS = 30_000;
const ANSWERS_WITHIN_MS = 30_000;
const KEPT_OUTPUT = 1_500;

/** The processes of one bench: starts them, and notes how each ends. */
export class HostProcesses {
  private readonly running = new Set<ChildProcess>();
  /** Processes that ended otherwise than they should. */
  readonly wrongExits: string[] = [];

  /**
   * @param detached signals of the terminal do not reach them
   * @param env what they get beside this process' environment
   */
  constructor(
    private readonly script: WorkerScript,
    private readonly detached: boolean,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Starts a process and waits until it works. */
  async start(settings: FaultHostSettings): Promise<ChildProcess> {
    const { file, nodePath } = this.script;
    const child = fork(file, [JSON.stringify(settings)], {
      env: { ...process.env, ...(nodePath !== '' && { NODE_PATH: nodePath }), ...this.env },
      // Jest's own options (memory limits, module flags) are not the worker's.
      ...{ execArgv: [], detached: this.detached, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    });
    this.running.add(child);
    let output = '';
    let hasStopped = false;
    child.on('message', (message: object) => (hasStopped ||= 'stopped' in message));
    child.stderr?.on('data', (chunk: Buffer) => (output = (output + String(chunk)).slice(-KEPT_OUTPUT)));
    child.once('exit', (code, signal) => {
      this.running.delete(child);
      writeNote(settings.record, { what: 'exit', key: '-', jobId: '-', run: String(child.pid), attempt: 0 });
      // Killed by the checker, or by a job whose purpose that is; or told once more while Node.js, which no longer listens, exits.
      if (code === 0 || signal === 'SIGKILL' || (signal === 'SIGTERM' && hasStopped)) return;
      this.wrongExits.push(`a ${settings.role} process exited with ${code ?? signal}: ${output.trim()}`);
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', () => reject(new Error(`A process of the fault tests did not start: ${output}`)));
    });
    return child;
  }

  /** What each process that runs says of the queue. */
  health(): Promise<HostHealth[]> {
    return Promise.all([...this.running].map((child) => asked(child, 'health')));
  }

  /** Tells all to stop, and waits for them. One that does not go is a wrong exit. */
  async stop(): Promise<void> {
    await Promise.all([...this.running].map((child) => this.stopOne(child)));
  }

  /** Ends what still runs, at once. */
  async kill(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    await waitUntil(() => this.running.size === 0, 'the processes to end');
  }

  private async stopOne(child: ChildProcess): Promise<void> {
    child.kill('SIGTERM');
    try {
      await waitUntil(() => !this.running.has(child), 'a process to stop', LEAVES_WITHIN_MS);
    } catch {
      this.wrongExits.push(`process ${child.pid} did not end within ${LEAVES_WITHIN_MS} ms of SIGTERM`);
    }
  }
}

/** What a process says of the queue, once it has done what it is told. */
export async function asked(child: ChildProcess, kind: 'health' | 'acknowledge'): Promise<HostHealth> {
  let answer: HostHealth | undefined;
  const hear = (message: object): void => {
    if ('answer' in message) ({ answer } = message as HostAnswer);
  };
  child.on('message', hear);
  try {
    child.send({ kind } satisfies HostOrder);
    return await waitUntil(() => answer, `a process to answer "${kind}"`, ANSWERS_WITHIN_MS);
  } finally {
    child.off('message', hear);
  }
}
