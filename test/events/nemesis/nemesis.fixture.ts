import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { NemesisVerdict } from './nemesis-run.js';

/** Ends a hang of several seeds, each of which boots threads again and again. */
const PROCESS_MS = 280_000;
export const SEEDS_MS = 300_000;

/** How a nemesis is run. */
export interface Nemesis {
  /** Of each seed. */
  readonly events: number;
  readonly seeds: readonly number[];
  /** What ends a hang of one step; default 90 s. */
  readonly stepMs?: number;
  /** … and of all of it. */
  readonly deadlineMs?: number;
  /** One of `MISTAKES`, which it must see. */
  readonly mistake?: string;
}

/** Runs the seeds in a process of their own. */
export async function nemesis({
  events,
  seeds,
  stepMs,
  deadlineMs = PROCESS_MS,
  mistake,
}: Nemesis): Promise<NemesisVerdict[]> {
  const parameters = [events, stepMs ?? 90_000, mistake ?? 'none', ...seeds].map(String);
  await using program = EventsProcess.start(join(__dirname, 'nemesis.ts'), parameters, { deadlineMs });
  return (await program.report<{ verdicts: NemesisVerdict[] }>()).verdicts;
}

/** What a verdict holds against the bus: nothing is lost, only what deserves it is dead, and nothing is left behind. */
export function complaints(verdict: NemesisVerdict, events: number): Record<string, unknown> {
  const { innocents, kills, killsForInnocents, emitted, threadsLeft } = verdict;
  const { lost, spared, blamed, doubled, miscounted, errors } = verdict;
  const held: Record<string, readonly unknown[]> = { lost, spared, blamed, doubled, miscounted, errors };
  const found: Record<string, unknown> = Object.fromEntries(
    Object.entries(held).filter(([, list]) => list.length > 0),
  );
  if (emitted !== events) found['emitted'] = emitted;
  if (threadsLeft > 0) found['threadsLeft'] = threadsLeft;
  // Nobody can tell an event that kills its thread from one whose thread is killed each time it runs alone.
  if (killsForInnocents > kills) found['innocents'] = { innocents, kills };
  return found;
}

/** Expects no complaint of any seed. */
export async function expectNothingLost(run: Nemesis): Promise<void> {
  const verdicts = await nemesis(run);
  expect(verdicts.map(({ seed }) => seed)).toEqual(run.seeds);
  const found = verdicts.map((verdict) => ({ seed: verdict.seed, ...complaints(verdict, run.events) }));
  expect(found).toEqual(run.seeds.map((seed) => ({ seed })));
}
