/** What one fault did to the jobs. */
export interface FaultRow {
  readonly fault: string;
  /** Jobs whose add returned. */
  readonly acknowledged: number;
  /** Jobs that were certainly not added, as the producers were told. */
  readonly refused: number;
  /** Jobs that nobody can say were added or not. */
  readonly inDoubt: number;
  /** The slowest add but one of a hundred, and the slowest, milliseconds. */
  readonly addP99Ms: number;
  readonly addMaxMs: number;
  /** Of all jobs. */
  readonly finished: number;
  readonly finishedTwice: number;
  /** Runs that began again because their worker was gone, and because their lock was lost while it lived. */
  readonly afterDeath: number;
  readonly afterLoss: number;
  /** Crashes that were told of jobs beyond those that they had. */
  readonly falseCrashes: number;
  readonly deadLettered: number;
  /** Dead letters that should not be, each with its reason, and jobs that should be dead letters and are not. */
  readonly wronglyDead: readonly string[];
  /** Acknowledged, but neither finished nor a dead letter. */
  readonly lost: readonly string[];
  /** Effects under a key that finished jobs must have had: two each, its own and that of the job it adds. */
  readonly keyedExpected: number;
  /** Of those, how many there were. */
  readonly keyedEffects: number;
  /** Effects under a key that happened twice. */
  readonly keyedTwice: number;
  /** Processes that ended otherwise than they should. */
  readonly wrongExits: readonly string[];
  /** Whatever else must not be: runs without cause, jobs that were refused and ran, ends by runs that had lost their job. */
  readonly broken: readonly string[];
  /** Told in the table, not judged: a busy machine takes its time. */
  readonly secondsToRecover: number;
}

/** What a fault may lead to. */
export interface FaultAllowance {
  /** Jobs that may finish twice, and runs that may begin again because their worker is gone: crashes × concurrency. */
  readonly mayFinishTwice: number;
  /** Runs that may begin again although their worker lives. Default 0. */
  readonly mayLoseLocks?: number;
  /**
   * Jobs that may be told a crash although no run of theirs is known: their worker died, or could not hear for as long as their locks lived,
   * before it noted that they began. Default 0.
   */
  readonly mayBlame?: number;
}

/** The longest add, milliseconds: the deadline of adds, and what a busy machine adds to it. It ends hangs, it measures nothing. */
export const LONGEST_ADD_MS = 2_000 + 4_000;

/** What a row has against it, a line each; empty when every promise was kept. */
export function brokenPromises(row: FaultRow, allowed: FaultAllowance): string[] {
  const { keyedEffects, keyedExpected, finishedTwice, afterDeath, afterLoss, falseCrashes } = row;
  const { mayFinishTwice, mayLoseLocks = 0, mayBlame = 0 } = allowed;
  const problems: [boolean, string][] = [
    [row.acknowledged === 0, 'no job was acknowledged'],
    [row.lost.length > 0, `${row.lost.length} acknowledged jobs are lost: ${some(row.lost)}`],
    [keyedEffects !== keyedExpected, `${keyedExpected - keyedEffects} effects under a key are missing`],
    [row.keyedTwice > 0, `${row.keyedTwice} effects under a key happened twice`],
    [row.wronglyDead.length > 0, `wrongly a dead letter, or wrongly not: ${some(row.wronglyDead)}`],
    [finishedTwice > mayFinishTwice, `${finishedTwice} jobs finished twice, ${mayFinishTwice} may`],
    [
      afterDeath > mayFinishTwice,
      `${afterDeath} runs began again after the death of a worker, ${mayFinishTwice} may`,
    ],
    [
      afterLoss > mayLoseLocks,
      `${afterLoss} runs began again although their worker lived, ${mayLoseLocks} may`,
    ],
    [falseCrashes > mayBlame, `${falseCrashes} crashes are told of jobs that had none, ${mayBlame} may be`],
    [row.addMaxMs > LONGEST_ADD_MS, `an add took ${row.addMaxMs} ms, the longest may take ${LONGEST_ADD_MS}`],
    ...row.wrongExits.map((exit): [boolean, string] => [true, exit]),
    [row.broken.length > 0, some(row.broken)],
  ];
  return problems.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}

const SHOWN = 5;

function some(lines: readonly string[]): string {
  const more = lines.length > SHOWN ? `; and ${lines.length - SHOWN} more` : '';
  return `${lines.slice(0, SHOWN).join('; ')}${more}`;
}
