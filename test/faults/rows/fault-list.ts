import { ACCESS } from './access.js';
import { CLOCKS } from './clocks.js';
import { DEATHS } from './deaths.js';
import type { Fault } from './fault.js';
import { LOSSES } from './losses.js';
import { LOCKS } from './locks.js';
import { OUTAGES } from './outages.js';
import { REFUSALS } from './refusals.js';
import { SCHEDULES } from './schedules.js';
import { RELEASES } from './releases.js';
import { STOPS } from './stops.js';
import { TRIES } from './tries.js';

/** Every fault of the table. */
export const FAULTS: readonly Fault[] = [
  ...DEATHS,
  ...OUTAGES,
  ...REFUSALS,
  ...ACCESS,
  ...LOCKS,
  ...TRIES,
  ...SCHEDULES,
  ...STOPS,
  ...CLOCKS,
  ...LOSSES,
  ...RELEASES,
];
