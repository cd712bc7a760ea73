import { createInterface } from 'node:readline/promises';
import { escaped } from '../../../kernel/logging/printable.js';

/** How a text is meant; it is shown by a colour where there are any, and said in words as well. */
export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'strong';

const CODES: Readonly<Record<Tone, string>> = {
  good: '32',
  warning: '33',
  bad: '31',
  quiet: '2',
  strong: '1',
};
const DEFAULT_WIDTH = 100;

/** The streams of a process, as far as a command uses them. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Where a command writes, and whom it asks. */
export class Terminal {
  /** Whether there is an answer already. */
  hasAnswered = false;

  /** @param hasColours whether standard output shows colours, and nobody said NO_COLOR */
  constructor(
    private readonly streams: Streams,
    private readonly hasColours: boolean,
  ) {}

  /** Whether somebody can be asked. */
  get isInteractive(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY;
  }

  /** Columns of a line that nobody has to scroll for; without a terminal any number. */
  get width(): number {
    return this.streams.stdout.isTTY
      ? this.streams.stdout.columns || DEFAULT_WIDTH
      : Number.POSITIVE_INFINITY;
  }

  /** A line of the answer. */
  line(text = ''): void {
    this.hasAnswered = true;
    this.streams.stdout.write(`${text}\n`);
  }

  /** The answer as JSON. */
  json(value: unknown): void {
    this.line(JSON.stringify(value, null, 2));
  }

  /** A line beside the answer: on stderr, so that the answer can be piped. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  /** Begins anew at the top of the screen, where that is possible; what was scrolled out of it stays. */
  clear(): void {
    if (this.streams.stdout.isTTY) this.streams.stdout.write('\u001B[H\u001B[J');
  }

  /** A text with its colour, where there are any. */
  painted(text: string, tone: Tone): string {
    return this.hasColours && this.streams.stdout.isTTY ? `\u001B[${CODES[tone]}m${text}\u001B[0m` : text;
  }

  /**
   * Asks for yes or no; whoever leaves the question says no.
   * @param interrupt called with Ctrl-C, which a terminal that is read from does not turn into a signal
   */
  async confirmed(question: string, signal: AbortSignal, interrupt: () => void): Promise<boolean> {
    const { stdin: input, stderr: output } = this.streams;
    const reader = createInterface({ input, output }).on('SIGINT', interrupt);
    try {
      const left = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
      const answered = reader.question(`${question} [y/N] `, { signal }).catch(() => '');
      return /^y(es)?$/i.test((await Promise.race([answered, left])).trim());
    } finally {
      reader.close();
    }
  }
}

/** A text from outside as one line that no terminal obeys. */
export function plain(text: string): string {
  return escaped(text);
}
