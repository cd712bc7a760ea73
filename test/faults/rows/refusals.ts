import { STATE_REFUSALS } from '../../support/server-refusals.js';
import type { Fault } from './fault.js';
import { outage } from './outages.js';

/** Long enough for adds to reach their deadlines, and shorter than the lock of a job lives. */
const SPELL_MS = 3_000;

/** A Redis that answers, and refuses: each kind of reply that an operator can bring about and mend. */
export const REFUSALS: readonly Fault[] = STATE_REFUSALS.map(({ name, settings = [], begin, end }) => ({
  ...{ name, options: { redis: settings }, mayFinishTwice: 0 },
  run: outage(
    ({ client }) => begin(client),
    ({ client }) => end(client),
    SPELL_MS,
  ),
}));
