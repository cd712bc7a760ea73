import { ATTEMPTS } from '../process/fault-queue.js';
import type { FaultNote, NoteLine } from '../process/run-notes.js';

/** How a run that was begun ended: as it noted, or cut short with its worker. */
interface Run {
  readonly name: string;
  readonly attempt: number;
  end?: FaultNote;
  /** Its worker ended, by itself or by the checker's hand. */
  isOrphan: boolean;
  /** Another run was begun because its worker was gone or its lock lost, whatever it ended with. */
  isReplaced?: boolean;
}

/** One job's runs, in the order in which they began. */
interface JobRuns {
  readonly key: string;
  readonly jobId: string;
  readonly runs: Run[];
  /** How often its lock ran out and no run was begun again for it yet. */
  expired: number;
  /** Runs that were begun again because their worker was gone. */
  afterDeath: number;
  /** Runs that were begun again because their lock was lost. */
  afterLoss: number;
}

/** What the record says of runs. */
export interface RunVerdict {
  /** Runs that were begun again because their worker was gone. */
  readonly afterDeath: number;
  /** Runs that were begun again because their lock was lost. */
  readonly afterLoss: number;
  /** What must not be, a line each. */
  readonly broken: readonly string[];
  /** Job id → how many of its runs were cut short: the most crashes that may be told of it. */
  readonly cutShort: ReadonlyMap<string, number>;
  /** Job id → the run that began last: the only one that may end it. */
  readonly lastRun: ReadonlyMap<string, string>;
  /** Key → ids of the jobs that ran for it. */
  readonly idsOf: ReadonlyMap<string, ReadonlySet<string>>;
}

/** How a run ends that calls for another one. */
const CALLS_FOR_ANOTHER: readonly (FaultNote | undefined)[] = ['failed', 'back', 'overtime'];

/** Judges the runs of a record: each that was begun again needs a cause. */
export function judgeRuns(lines: readonly NoteLine[]): RunVerdict {
  const book = new RunBook();
  for (const line of lines) book.note(line);
  return book.verdict();
}

class RunBook {
  private readonly jobs = new Map<string, JobRuns>();
  private readonly gone = new Set<string>();
  private readonly broken: string[] = [];

  note(line: NoteLine): void {
    if (line.what === 'exit') {
      this.gone.add(line.run);
      this.orphan(line.run);
      return;
    }
    const job = this.jobOf(line);
    if (line.what === 'expired') job.expired += 1;
    else if (line.what === 'early') this.broken.push(`${line.key} began before it was due`);
    else if (line.what === 'start') this.begin(job, line);
    else this.end(job, line);
  }

  verdict(): RunVerdict {
    const jobs = [...this.jobs.values()].filter(({ runs }) => runs.length > 0);
    const sum = (of: (job: JobRuns) => number): number => jobs.reduce((total, job) => total + of(job), 0);
    const idsOf = new Map<string, Set<string>>();
    for (const { key, jobId } of jobs) idsOf.set(key, (idsOf.get(key) ?? new Set()).add(jobId));
    return {
      afterDeath: sum(({ afterDeath }) => afterDeath),
      afterLoss: sum(({ afterLoss }) => afterLoss),
      broken: this.broken,
      cutShort: new Map(jobs.map((job) => [job.jobId, cutShortOf(job)])),
      lastRun: new Map(jobs.map(({ jobId, runs }) => [jobId, runs.at(-1)?.name ?? ''])),
      idsOf,
    };
  }

  private jobOf({ key, jobId }: NoteLine): JobRuns {
    const known = this.jobs.get(jobId);
    // A lock may run out before its run has noted that it began.
    if (known !== undefined && (known.key !== '-' || key === '-')) return known;
    const job = { key, jobId, runs: [], expired: known?.expired ?? 0, afterDeath: 0, afterLoss: 0 };
    this.jobs.set(jobId, job);
    return job;
  }

  private begin(job: JobRuns, { run: name, attempt, key }: NoteLine): void {
    const before = job.runs.at(-1);
    job.runs.push({ name, attempt, isOrphan: this.gone.has(processOf(name)) });
    if (attempt > ATTEMPTS) this.broken.push(`${key} was run as attempt ${attempt} of ${ATTEMPTS}`);
    if (before === undefined) return;
    const isLost = before.end === 'aborted' || job.expired > 0;
    before.isReplaced = before.isOrphan || isLost;
    if (CALLS_FOR_ANOTHER.includes(before.end)) {
      // An end that nobody stored is repeated.
      if (!before.isReplaced) this.checkAttempt(before, attempt, key);
    } else if (before.isOrphan || before.end === 'crash') job.afterDeath += 1;
    else if (isLost) job.afterLoss += 1;
    else this.broken.push(`${key} ran again without cause, ${whatBecameOf(before)}`);
    if (isLost) job.expired = Math.max(0, job.expired - 1);
  }

  private checkAttempt(before: Run, attempt: number, key: string): void {
    const isSpent = before.end !== 'back';
    if (attempt === before.attempt + (isSpent ? 1 : 0)) return;
    this.broken.push(
      `${key} was run as attempt ${attempt} after attempt ${before.attempt}, which ${isSpent ? 'failed' : 'was given back'}`,
    );
  }

  private end(job: JobRuns, { run: name, what }: NoteLine): void {
    const run = job.runs.find((one) => one.name === name);
    if (run !== undefined) run.end = what;
  }

  private orphan(pid: string): void {
    for (const { runs } of this.jobs.values()) {
      for (const run of runs) if (processOf(run.name) === pid) run.isOrphan = true;
    }
  }
}

/** A crash may be told of a run that somebody else had to take over, and of one that never came to an end. */
function cutShortOf({ runs }: JobRuns): number {
  const isCut = ({ end, isReplaced = false }: Run): boolean =>
    isReplaced || end === undefined || end === 'crash' || end === 'aborted';
  return runs.filter(isCut).length;
}

const processOf = (run: string): string => run.split('.')[0] ?? '';

function whatBecameOf({ end, name }: Run): string {
  return end === undefined
    ? `while its run in process ${processOf(name)} went on`
    : `after its run in process ${processOf(name)} was ${end}`;
}
