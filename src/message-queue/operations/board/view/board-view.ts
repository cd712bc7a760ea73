import type { QueueJobJson } from '@bull-board/api/typings/app';
import { escaped } from '../../../../kernel/logging/printable.js';
import type { HostCode } from '../../../../kernel/host/host-code.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { SealableQueue } from '../../../jobs/sealing/payload-seal.js';
import type { BoardJobView, BoardSettings } from '../board-access.js';
import { withoutSeal, withoutSealedFailures, withoutSealedProgress } from './sealed-view.js';

const MAX_TEXT = 4_000;
const MAX_STACKS = 20;
const MAX_OPTIONS_CHARS = 20_000;

/** What is shown of a job whose `redact` fails. */
const TEXT = '[hidden: board.redact failed]';
const HIDDEN = { data: TEXT, returnValue: TEXT };

/** Stands in for a payload that is too large to show. */
interface CutPayload {
  readonly truncated: true;
  readonly characters: number;
  readonly beginning: string;
}

/** Turns jobs into what the board may show of them. */
export class BoardView {
  private readonly maxChars: number;
  private readonly redact: BoardSettings['redact'];

  /** @param host guards `redact` */
  constructor(
    { maxPayloadChars, redact }: Pick<BoardSettings, 'maxPayloadChars' | 'redact'>,
    private readonly host: HostCode,
  ) {
    this.maxChars = maxPayloadChars;
    this.redact = redact;
  }

  /** The job with its payload and result redacted and cut, and its texts bounded. */
  of(job: QueueJobJson, queue: SealableQueue): QueueJobJson {
    const id = String(job.id);
    const shown = this.redacted({
      ...{ queue: queue.name, job: job.name, id },
      data: withoutSeal(queue, job, job.data),
      returnValue: withoutSeal(queue, job, job.returnvalue),
      ...(job.failedReason && { error: job.failedReason }),
    });
    const isRedacted = shown.error !== (job.failedReason || undefined);
    const stacks = isRedacted ? [] : (job.stacktrace ?? []);
    return {
      ...job,
      name: escaped(job.name),
      data: this.cut(shown.data),
      returnvalue: this.cut(shown.returnValue),
      opts: cutTo(MAX_OPTIONS_CHARS, shownOptions(job.opts, isRedacted)),
      progress: withoutSealedProgress(queue, job),
      failedReason: job.failedReason && escaped(bounded(shown.error ?? '')),
      stacktrace: stacks.slice(-MAX_STACKS).map((stack) => escapedFrames(bounded(stack))),
    };
  }

  /** What the host lets be seen of a payload and a result. */
  redacted(view: BoardJobView): Pick<BoardJobView, 'data' | 'returnValue' | 'error'> {
    const { redact } = this;
    if (!redact) return view;
    const hidden = { ...HIDDEN, ...(view.error !== undefined && { error: TEXT }) };
    return { ...view, ...this.host.ask('board.redact', view.queue, () => redact(view), hidden) };
  }

  /** What is shown of the text of an error, where the job itself is not at hand. */
  errorText(place: Pick<BoardJobView, 'queue' | 'job' | 'id'>, error: string): string {
    if (!this.redact) return error;
    return this.redacted({ ...place, data: {}, returnValue: null, error }).error ?? '';
  }

  /** Whether the board shows this job's payload as it is: only then may it be edited there. */
  showsAll(job: QueueJobJson, queue: SealableQueue): boolean {
    return JSON.stringify(this.of(job, queue).data) === JSON.stringify(job.data);
  }

  private cut(value: unknown): unknown {
    return cutTo(this.maxChars, value);
  }
}

/** Where the text of the error is not to be seen, those of the attempts before it are not either. */
function shownOptions(options: unknown, isRedacted: boolean): unknown {
  const { mq, ...rest } = withoutSealedFailures(options) as ManagedJobOptions;
  return isRedacted && mq !== undefined
    ? { ...rest, mq: { ...mq, failures: [] } }
    : withoutSealedFailures(options);
}

function cutTo(maxChars: number, value: unknown): unknown {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined || json.length <= maxChars) return value;
  const cut: CutPayload = { truncated: true, characters: json.length, beginning: json.slice(0, maxChars) };
  return cut;
}

/** Stored stacks have their frames as lines without indentation. */
function escapedFrames(stack: string): string {
  return stack
    .split(/\n(?=\s*at )/)
    .map(escaped)
    .join('\n');
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
