import * as fc from 'fast-check';
import { LARGEST, ModelRun, step, WEIGHTS } from '../../../test/support/event-buffer-model.js';
import { EventBuffer } from './event-buffer.js';
import { CELL_INTS, headOf, offsetsOf, SLOT_INTS, tailOf } from './layout.js';
import { FREE, GENERATION_MASK } from './state-word.js';
import { CellField } from './thread-cells.js';

/** As after billions of events: what counts them is about to wrap. */
function age(buffer: EventBuffer): void {
  const ints = new Int32Array(buffer.handle.memory);
  const { slots } = offsetsOf(buffer.handle);
  for (let slot = 0; slot < buffer.handle.slots; slot += 1)
    ints[slots + slot * SLOT_INTS] = FREE | (GENERATION_MASK - 2);
  for (let lane = 0; lane < 4; lane += 1) ints[headOf(lane)] = ints[tailOf(lane)] = 2 ** 31 - 20;
  // Together the counters of both owners say that nothing was done.
  const { cells } = offsetsOf(buffer.handle);
  for (const cell of [CellField.done, CellField.blocks]) {
    ints[cells + CELL_INTS + cell] = 2 ** 31 - 5;
    ints[cells + 2 * CELL_INTS + cell] = 5 - 2 ** 31;
  }
}

describe('the buffer of events, beside a model', () => {
  it.each([
    { maxQueueSize: 7, maxMemoryMB: 0.075, aged: true },
    { maxQueueSize: 300, maxMemoryMB: 0.12, aged: true },
    { maxQueueSize: 1_000, maxMemoryMB: 1, aged: false },
  ])('holds what it should after any steps: %o', ({ maxQueueSize, maxMemoryMB, aged }) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 400, size: 'max' }), (steps) => {
        const buffer = EventBuffer.create({
          maxQueueSize,
          maxMemoryMB,
          maxEventSize: LARGEST,
          weights: WEIGHTS,
        });
        if (aged) age(buffer);
        const run = new ModelRun(buffer, maxQueueSize);
        for (const one of steps) run.take(one);
        run.finish();
      }),
      { numRuns: 20 },
    );
  });
});
