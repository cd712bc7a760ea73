import { inspect } from 'node:util';
import { RepeatedLines } from '../../src/kernel/logging/repeated-lines.js';
import type { ErrorTexts } from '../../src/message-queue/privacy/privacy-settings.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { definition, failed, Stage } from './job-executor-fixture.js';
import type { Failed } from './job-executor-fixture.js';

/** The queue of the executor's tests, sealed. */
export const SEALED = { ...definition, sealed: true };

/** A stage that writes every line of its log. */
export function sealedStage(errorTexts?: ErrorTexts): Stage {
  return new Stage({ errorTexts, lines: new RepeatedLines(new ManualClock(), 0) });
}

/** Runs a job of it, as a broker does that stores whatever comes. */
export async function outcomeOf(stage: Stage, data: unknown): ReturnType<Stage['run']> {
  const taken = stage.take({ data });
  const settlement = await stage.executor.run(taken, SEALED);
  taken.noteStored(true);
  return settlement;
}

/** Runs a job of it whose handler throws. */
export function throwing(stage: Stage, error: unknown, data: unknown): Promise<Failed> {
  stage.handle = async () => {
    throw error;
  };
  return failed(outcomeOf(stage, data));
}

/** All that is told of a run: what is stored, written to the log and emitted. */
export function toldOf(stage: Stage, settlement: unknown): string {
  return inspect([settlement, stage.lines, stage.heard], {
    depth: 20,
    showHidden: true,
    maxStringLength: null,
  });
}

/** What `JSON.parse` throws about a text. */
export function jsonErrorOf(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('It is JSON.');
}
