import { followUpOf, hasEffects, isFollowUp } from '../process/fault-queue.js';
import type { AddBook } from './add-book.js';
import type { FaultRecord } from './fault-record.js';
import type { FaultRow } from './fault-row.js';
import { judgeRuns } from './run-book.js';
import type { RunVerdict } from './run-book.js';
import type { StoredJob } from './stored-jobs.js';

/** Everything that is known when a fault is over. */
export interface Evidence {
  readonly fault: string;
  readonly adds: AddBook;
  readonly record: Pick<FaultRecord, 'lines' | 'started' | 'done' | 'crashes'>;
  readonly stored: readonly StoredJob[];
  /** Effect → how often it happened. */
  readonly effects: ReadonlyMap<string, number>;
  readonly wrongExits: readonly string[];
  readonly maxCrashes: number;
  readonly keepsCompleted: boolean;
  readonly secondsToRecover: number;
}

/** Compares what producers were told with what handlers wrote down and what Redis holds. */
export function judge(evidence: Evidence): FaultRow {
  return judgeKept(withoutGone(evidence));
}

/** Of jobs that went when Redis lost what it had, nothing is promised. */
function withoutGone(evidence: Evidence): Evidence {
  const { adds, record, stored, effects } = evidence;
  const isKept = (key: string): boolean => !adds.gone.has(isFollowUp(key) ? key.slice(0, -1) : key);
  const kept = (times: ReadonlyMap<string, number>): Map<string, number> =>
    new Map([...times].filter(([key]) => isKept(key)));
  const { started, done, crashes } = record;
  return {
    ...evidence,
    record: {
      lines: record.lines.filter(({ key }) => isKept(key)),
      ...{ started: kept(started), done: kept(done), crashes: kept(crashes) },
    },
    stored: stored.filter(({ key }) => isKept(key)),
    effects: kept(effects),
  };
}

function judgeKept(evidence: Evidence): FaultRow {
  const { adds, record, stored, effects, fault, wrongExits } = evidence;
  const runs = judgeRuns(record.lines);
  const { done } = record;
  const letters = stored.filter(({ state }) => state === 'failed');
  const dead = new Set(letters.map(({ key }) => key));
  const expected = [...done.keys()].filter(hasEffects).flatMap((key) => [key, followUpOf(key)]);
  return {
    fault,
    acknowledged: adds.acknowledged.size,
    refused: adds.refused.size,
    inDoubt: adds.inDoubt.size,
    addP99Ms: adds.latency(99),
    addMaxMs: adds.latency(100),
    finished: done.size,
    finishedTwice: [...done.values()].filter((times) => times > 1).length,
    ...{ afterDeath: runs.afterDeath, afterLoss: runs.afterLoss },
    falseCrashes: falseCrashesOf(stored, runs),
    deadLettered: letters.length,
    wronglyDead: [
      ...letters.filter((letter) => !mayDie(letter, evidence, runs)).map(({ description }) => description),
      ...[...adds.doomed]
        .filter((key) => record.started.has(key) && !dead.has(key))
        .map((key) => `${key} lives`),
    ],
    lost: [...adds.acknowledged.keys()].filter((key) => !done.has(key) && !dead.has(key)),
    keyedExpected: expected.length,
    keyedEffects: expected.filter((effect) => effects.has(effect)).length,
    keyedTwice: [...effects.values()].filter((times) => times > 1).length,
    wrongExits,
    broken: [...runs.broken, ...falseAnswers(adds, runs), ...falseEnds(evidence, runs)],
    secondsToRecover: Math.round(evidence.secondsToRecover * 10) / 10,
  };
}

/** Cut short that often by others, a job is a dead letter by rights. */
function mayDie({ id, key }: StoredJob, { adds, maxCrashes }: Evidence, runs: RunVerdict): boolean {
  return adds.doomed.has(key) || (runs.cutShort.get(id) ?? 0) >= maxCrashes;
}

function falseCrashesOf(stored: readonly StoredJob[], runs: RunVerdict): number {
  return stored
    .filter(({ key }) => !isFollowUp(key))
    .reduce((sum, { id, crashes }) => sum + Math.max(0, crashes - (runs.cutShort.get(id) ?? 0)), 0);
}

/** What producers were told and is not so. */
function falseAnswers(adds: AddBook, runs: RunVerdict): string[] {
  const refused = [...adds.refused].filter((key) => runs.idsOf.has(key));
  const many = [...runs.idsOf].filter(([, ids]) => ids.size > 1).map(([key]) => key);
  const told = [...adds.acknowledged].filter(([, ids]) => ids.size > 1).map(([key]) => key);
  const others = [...adds.acknowledged].filter(([key, [id]]) => {
    const ran = runs.idsOf.get(key);
    return ran !== undefined && !ran.has(id ?? '');
  });
  return [
    ...refused.map((key) => `${key} was certainly not added, and ran`),
    ...many.map((key) => `${key} was added as more than one job`),
    ...told.map((key) => `the adds of ${key} were told different jobs`),
    ...others.map(([key]) => `${key} ran under an id that nobody was told`),
    ...[...adds.untyped].map((error) => `an add was told ${error}`),
  ];
}

/** Jobs that were ended by a run from which they had been taken, whose crashes nobody noticed, or that are gone although they should be kept. */
function falseEnds({ stored, record, keepsCompleted }: Evidence, runs: RunVerdict): string[] {
  const foreign = stored.filter(({ id, endedBy, state }) => {
    return state === 'completed' && endedBy !== null && endedBy !== runs.lastRun.get(id);
  });
  const kept = new Set(stored.map(({ key }) => key));
  const unnoticed = stored.flatMap(({ key, crashes, state }) => {
    const happened = record.crashes.get(key) ?? 0;
    if (state !== 'completed' || crashes >= happened) return [];
    return [`${key} killed its worker ${happened} times, and ${crashes} crashes are told of it`];
  });
  const missing = keepsCompleted ? [...record.done.keys()].filter((key) => !kept.has(key)) : [];
  return [
    ...foreign.map(({ key }) => `${key} was ended by a run that had lost it`),
    ...unnoticed,
    ...missing.map((key) => `${key} finished, and its end is not stored`),
  ];
}
