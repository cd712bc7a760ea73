import type { RunStatistics } from './run-statistics.js';

const BAR_WIDTH = 13;

/** One line that shows how far the demo is: redrawn on a terminal, printed now and then elsewhere. */
export class ProgressLine {
  private timer: NodeJS.Timeout | null = null;
  private last = '';

  constructor(
    private readonly statistics: RunStatistics,
    private readonly out: NodeJS.WriteStream = process.stdout,
  ) {}

  /** Starts to show it. */
  start(label: string): void {
    this.timer = setInterval(() => this.draw(label), this.out.isTTY ? 100 : 1_000);
  }

  /** Shows it for the last time, and ends the line. */
  stop(label: string): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.draw(label);
    if (this.out.isTTY) this.out.write('\n');
    this.last = '';
  }

  private draw(label: string): void {
    const { ended, total, waitingForRetry, nextRetryAt } = this.statistics.progress;
    const done = total === 0 ? 0 : Math.round((ended / total) * BAR_WIDTH);
    const bar = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done);
    const retry = nextRetryAt === null ? '' : ` · ${retryText(waitingForRetry, nextRetryAt - Date.now())}`;
    const text = `  ${label.padEnd(23)} ${bar} ${ended}/${total} jobs${retry}`;
    if (text === this.last) return;
    // The rest of a longer line before would stay on the terminal.
    const line = text.padEnd(this.last.length).slice(0, (this.out.columns || 80) - 1);
    this.last = text;
    this.out.write(this.out.isTTY ? `\r${line}` : `${text}\n`);
  }
}

/** Nothing is stuck: a failed job waits for as long as its queue's backoff says. */
function retryText(jobs: number, dueInMs: number): string {
  const seconds = Math.max(0, Math.ceil(dueInMs / 1_000));
  return jobs === 1 ? `backoff: 1 retry in ${seconds} s` : `backoff: ${jobs} retries, ${seconds} s`;
}
