/** What one fault did to the jobs. */
export interface FaultRow {
  readonly fault: string;
  /** Jobs whose add returned. */
  readonly acknowledged: number;
  /** Of all jobs. */
  readonly finished: number;
  readonly finishedTwice: number;
  readonly deadLettered: number;
  /** Dead letters that should not be, each with its reason, and jobs that should be dead letters and are not. */
  readonly wronglyDead: readonly string[];
  /** Acknowledged, but neither finished nor a dead letter. */
  readonly lost: number;
  /** Effects under a key that finished jobs must have had: two each, its own and that of the job it adds. */
  readonly keyedExpected: number;
  /** Of those, how many there were. */
  readonly keyedEffects: number;
  /** Effects under a key that happened twice, and keys for which two adds were told different jobs. */
  readonly keyedTwice: number;
  /** Adds that the producer was told nothing certain about, and refusals. */
  readonly refused: number;
  /** Told in the table, not judged: a busy machine takes its time. */
  readonly secondsToRecover: number;
}

/** What a fault may lead to. */
export interface FaultAllowance {
  /** Jobs that may finish twice: crashes × concurrency. */
  readonly mayFinishTwice: number;
}

/** What a row has against it, a line each; empty when every promise was kept. */
export function brokenPromises(row: FaultRow, allowed: FaultAllowance): string[] {
  const { keyedEffects, keyedExpected, finishedTwice } = row;
  const problems: [boolean, string][] = [
    [row.acknowledged === 0, 'no job was acknowledged'],
    [row.lost > 0, `${row.lost} acknowledged jobs are lost`],
    [keyedEffects !== keyedExpected, `${keyedExpected - keyedEffects} effects under a key are missing`],
    [row.keyedTwice > 0, `${row.keyedTwice} effects under a key happened twice`],
    [row.wronglyDead.length > 0, `wrongly a dead letter, or wrongly not: ${row.wronglyDead.join('; ')}`],
    [
      finishedTwice > allowed.mayFinishTwice,
      `${finishedTwice} jobs finished twice, ${allowed.mayFinishTwice} may`,
    ],
  ];
  return problems.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}
