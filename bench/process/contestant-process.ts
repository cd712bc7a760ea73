import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Reading } from '../reading.js';
import type { TrialAnswer, TrialRequest } from './contestant.js';
import type { ProcessOrder } from './stage.js';

const PROGRAM = join(__dirname, 'contestant.js');

/** The bench's end of a contestant's process. */
export class ContestantProcess {
  private readonly child: ChildProcess;

  /** Starts it. */
  constructor(private readonly order: ProcessOrder) {
    this.child = fork(PROGRAM, [JSON.stringify(order)]);
  }

  /** Once, after the start: waits until it has loaded its contestant. */
  async loaded(): Promise<void> {
    await this.answer();
  }

  /** Runs one trial. @throws Error when it fails, or the process ends */
  async trial(request: TrialRequest): Promise<readonly Reading[]> {
    const answer = this.answer();
    this.child.send(request);
    return answer;
  }

  /** Ends the process. */
  stop(): void {
    this.child.kill('SIGKILL');
  }

  private answer(): Promise<readonly Reading[]> {
    const { measurement, subject } = this.order;
    return new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void =>
        reject(
          new Error(`The process of ${subject} for ${measurement} ended with ${code ?? signal ?? '?'}.`),
        );
      this.child.once('exit', ended);
      this.child.once('message', (answer: TrialAnswer) => {
        this.child.removeListener('exit', ended);
        if ('readings' in answer) resolve(answer.readings);
        else reject(new Error(`${measurement} of ${subject}: ${answer.error}`));
      });
    });
  }
}
