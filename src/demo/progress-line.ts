import type { RunStatistics } from './run-statistics.js';

const BAR_WIDTH = 30;

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
    const { ended, total } = this.statistics.progress;
    const done = total === 0 ? 0 : Math.round((ended / total) * BAR_WIDTH);
    const bar = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done);
    const text = `  ${label.padEnd(24)} ${bar} ${ended}/${total} jobs`;
    if (text === this.last) return;
    this.last = text;
    this.out.write(this.out.isTTY ? `\r${text}` : `${text}\n`);
  }
}
