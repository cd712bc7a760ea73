import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { DemoSettings } from '../stage/demo-module.js';
import type { JobReport } from '../display/job-reports.js';
import type { SentCounts } from '../stage/sent-counts.js';
import { WORKER_VARIABLES } from './worker-messages.js';
import type { WorkerMessage, WorkerQuestion } from './worker-messages.js';

/** Longer than active jobs may take to finish or to be handed back. */
const STOP_DEADLINE_MS = 15_000;

/** Who is told about a worker process. */
export interface WorkerListeners {
  onReport(report: JobReport): void;
  /** It ended and nobody had asked it to. */
  onDeath(error: Error): void;
}

/** The process of its own that runs the demo's jobs. */
export class WorkerProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private readonly died: Promise<never>;
  private readonly waiting = new Map<WorkerMessage['kind'], (message: WorkerMessage) => void>();
  private readonly ready: Promise<WorkerMessage>;
  private isStopping = false;

  /** Starts it at once. */
  constructor(settings: DemoSettings, listeners: WorkerListeners) {
    this.child = fork(join(__dirname, 'worker.js'), [], {
      env: environmentFor(settings),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.died = new Promise<never>((_, reject) => {
      const die = (how: string): void => {
        const error = new Error(`The worker process ${this.pid} ${how}; the demo cannot go on without it.`);
        if (!this.isStopping) listeners.onDeath(error);
        reject(error);
      };
      this.child.once('exit', (code, signal) =>
        die(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
      );
      this.child.on('error', (error) => die(`failed (${error.message})`));
    });
    // Whoever waits for an answer is told; often nobody does.
    this.died.catch(() => undefined);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      // A process that could not be started never exits.
      this.child.once('error', () => this.child.pid === undefined && resolve());
    });
    this.child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'job') listeners.onReport(message.report);
      else this.waiting.get(message.kind)?.(message);
    });
    this.ready = this.next('ready');
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when it takes jobs. @throws Error when it ended before */
  async whenReady(): Promise<void> {
    await this.ready;
  }

  /** Asks what left over its in-memory channels. @throws Error when it has ended */
  async countSent(): Promise<SentCounts> {
    const message = await this.ask('count-sent', 'sent');
    if (message.kind !== 'sent') throw new Error('The worker process answered another question.');
    return message.counts;
  }

  /** Repairs its line to the devices. @throws Error when it has ended */
  async mendLine(): Promise<void> {
    await this.ask('mend-line', 'mended');
  }

  /** Lets it finish its jobs and end; kills it when that takes longer than 15 s. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  private ask(question: WorkerQuestion, answeredBy: WorkerMessage['kind']): Promise<WorkerMessage> {
    const answer = this.next(answeredBy);
    this.child.send(question);
    return answer;
  }

  private next(kind: WorkerMessage['kind']): Promise<WorkerMessage> {
    const message = new Promise<WorkerMessage>((resolve) => this.waiting.set(kind, resolve));
    return Promise.race([message, this.died]);
  }
}

/** The parent's own variables (Redis, prefix, keys …) and what only the demo knows. */
function environmentFor({ databaseUrl, smtpUrl, troubles }: DemoSettings): NodeJS.ProcessEnv {
  return {
    ...process.env,
    [WORKER_VARIABLES.role]: 'worker',
    [WORKER_VARIABLES.databaseUrl]: databaseUrl,
    [WORKER_VARIABLES.smtpUrl]: smtpUrl,
    [WORKER_VARIABLES.troubles]: JSON.stringify(troubles),
  };
}
