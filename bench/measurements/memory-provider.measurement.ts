import { chatMessage } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import type { BenchQueue } from '../subject.js';
import { OURS_IN_MEMORY } from '../subjects.js';
import { fill } from './drain.measurement.js';

const MOVED = 20_000;

/** Runs about `jobs` of the waiting jobs, then stops. */
async function workOff(stage: Stage, queue: BenchQueue, jobs: number): Promise<Reading[]> {
  let handled = 0;
  let report: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (report = resolve));
  const stopMeter = stage.meter();
  const stop = await queue.work(() => {
    handled += 1;
    if (handled === jobs) report();
  });
  await finished;
  const readings = await stopMeter(handled);
  await stop();
  return readings;
}

async function atBacklog(stage: Stage, backlog: number): Promise<Reading[]> {
  const {
    queues: [queue],
  } = await stage.open();
  await fill(queue, backlog);
  const jobs = stage.jobs(MOVED);
  const stop = stage.meter();
  for (let n = 0; n < jobs; n++) await queue.add(chatMessage(n));
  const added = await stop(jobs);
  const drained = await workOff(stage, queue, jobs);
  const named = (readings: readonly Reading[], what: string): Reading[] =>
    readings.map((reading) => ({ ...reading, row: reading.row === '' ? what : `${what}, ${reading.row}` }));
  return [...named(added, 'add'), ...named(drained, 'work off')];
}

/** Whether the memory provider is as fast with a million jobs waiting as with none. */
export const memoryProviderMeasurements: readonly Measurement[] = [0, 100_000, 1_000_000].map((backlog) => ({
  id: `memory-provider-${backlog === 0 ? 'empty' : `${backlog / 1_000}k`}`,
  title: `memory provider, ${backlog.toLocaleString('en')} waiting`,
  subjects: [OURS_IN_MEMORY],
  slow: backlog > 100_000,
  mostRounds: 3,
  trial: (stage) => atBacklog(stage, backlog === 0 ? 0 : stage.jobs(backlog)),
}));
