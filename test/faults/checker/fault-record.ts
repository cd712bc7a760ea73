import { closeSync, openSync, readSync } from 'node:fs';
import type { FaultNote, NoteLine } from '../process/run-notes.js';

const CHUNK = 65_536;

/** What was written down outside of Redis, read as it grows. */
export class FaultRecord {
  /** Every whole line so far, in order. */
  readonly lines: NoteLine[] = [];
  /** Key → how often it began. */
  readonly started = new Map<string, number>();
  /** Key → how often it finished. */
  readonly done = new Map<string, number>();
  /** Key → how often a run of it killed its worker. */
  readonly crashes = new Map<string, number>();
  /** When jobs finished, milliseconds since the epoch, in order. */
  readonly doneTimes: number[] = [];
  private readonly file: number;
  private position = 0;
  private rest = '';

  /** @param path the file must be there */
  constructor(path: string) {
    this.file = openSync(path, 'r');
  }

  /** Reads what was added. @returns this */
  refresh(): this {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const length = readSync(this.file, buffer, 0, CHUNK, this.position);
      if (length === 0) return this;
      this.position += length;
      const lines = (this.rest + buffer.toString('latin1', 0, length)).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.note(line);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private note(text: string): void {
    const [what, key = '', jobId = '', run = '', attempt, time] = text.split(' ') as [FaultNote, ...string[]];
    this.lines.push({ what, key, jobId, run, attempt: Number(attempt) });
    if (what === 'start') count(this.started, key);
    if (what === 'crash') count(this.crashes, key);
    if (what !== 'done' && what !== 'overtime') return;
    count(this.done, key);
    this.doneTimes.push(Number(time));
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
