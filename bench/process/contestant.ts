import { MEASUREMENTS } from '../measurements.js';
import type { Measurement } from '../measurement.js';
import type { Reading } from '../reading.js';
import { CONTESTANTS } from '../subjects.js';
import { Stage } from './stage.js';
import type { ProcessOrder } from './stage.js';

/** What the bench asks of the process. */
export interface TrialRequest {
  /** Half the jobs, and the readings do not count. */
  readonly isWarmUp: boolean;
}

/** What it answers. */
export type TrialAnswer = { readonly readings: readonly Reading[] } | { readonly error: string };

async function trial(measurement: Measurement, stage: Stage, isWarmUp: boolean): Promise<TrialAnswer> {
  stage.rescale(isWarmUp ? 0.5 : 1);
  try {
    return { readings: await measurement.trial(stage) };
  } catch (error) {
    return { error: String((error as Error).stack) };
  } finally {
    await stage.end();
  }
}

/** The process of one contestant for one measurement: it loads that contestant and none of the others. */
async function main(order: ProcessOrder): Promise<void> {
  const measurement = MEASUREMENTS.find(({ id }) => id === order.measurement);
  const entry = CONTESTANTS.find(({ name }) => name === order.subject);
  if (measurement === undefined || entry === undefined) throw new Error('The order names nothing known.');
  const stage = new Stage(await entry.load(), entry.inProcess, order, __filename);
  if (order.assists) {
    await measurement.assist?.(stage);
    return;
  }
  process.on('message', ({ isWarmUp }: TrialRequest) => {
    void trial(measurement, stage, isWarmUp).then((answer) => process.send?.(answer));
  });
  process.send?.({ readings: [] } satisfies TrialAnswer);
}

// The terminal interrupts all processes; the bench, which ends this one, has results to show first.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
void main(JSON.parse(process.argv[2] ?? '{}') as ProcessOrder).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
