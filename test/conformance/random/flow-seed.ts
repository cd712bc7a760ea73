import { randomFrom } from '../../support/random-from.js';
import { testQueue } from '../../support/redis-broker-fixture.js';
import { FlowRun } from './flow-run.js';
import type { FlowStage } from './flow-run.js';
import { policyOf, randomShape } from './flow-shape.js';
import { Dice, finish, stepsOf } from './flow-steps.js';

const STEPS = 60;

let queues = 0;

/**
 * Takes random steps on a new queue of a random shape, compares it with the model after each, and brings all of its jobs to their ends.
 * @returns how many runs started
 * @throws Error with the seed, the shape, the steps and what is wrong
 */
export async function runSeed(stage: Omit<FlowStage, 'queue'>, seed: number): Promise<number> {
  const random = randomFrom(seed);
  const dice = new Dice(random);
  const shape = randomShape(random);
  const queue = stage.broker.createQueue(testQueue(`flow-${(queues += 1)}`, { flow: policyOf(shape) }));
  const run = new FlowRun({ ...stage, queue }, shape);
  const done: string[] = [];
  try {
    await run.begin();
    const steps = stepsOf(stage.isDisturbed);
    for (let n = 0; n < STEPS; n++) {
      const what = await dice.weighted(steps)(run, dice);
      if (what === null) continue;
      done.push(what);
      await run.isQuiet();
      await run.check();
    }
    done.push('finish');
    await finish(run);
    await run.check();
    // A group whose last job was deleted by hand stays until it is used again.
    if (!stage.isDisturbed) expect((await stage.foreign?.leftovers(queue)) ?? []).toEqual([]);
    return run.model.starts;
  } catch (error) {
    const steps = done.map((step) => `  ${step}`).join('\n');
    throw new Error(`Seed ${seed}, ${JSON.stringify(shape)}, after\n${steps}\n${String(error)}`, {
      cause: error,
    });
  } finally {
    await run.stop();
  }
}
