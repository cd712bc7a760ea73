import type { Measurement } from './measurement.js';
import { coldStartMeasurement } from './measurements/cold-start.measurement.js';
import { deadLetterMeasurements } from './measurements/dead-letters.measurement.js';
import { drainMeasurements } from './measurements/drain.measurement.js';
import { enqueueMeasurements } from './measurements/enqueue.measurement.js';
import { idleMeasurement } from './measurements/idle.measurement.js';
import { laneMeasurements } from './measurements/lanes.measurement.js';
import { latencyMeasurements } from './measurements/latency.measurement.js';
import { memoryProviderMeasurements } from './measurements/memory-provider.measurement.js';
import { twoWorkersMeasurement } from './measurements/two-workers.measurement.js';
import { waitingMemoryMeasurement } from './measurements/waiting-memory.measurement.js';

/** All, in the order in which they run and are shown. */
export const MEASUREMENTS: readonly Measurement[] = [
  ...enqueueMeasurements,
  ...drainMeasurements,
  twoWorkersMeasurement,
  ...latencyMeasurements,
  waitingMemoryMeasurement,
  ...laneMeasurements,
  idleMeasurement,
  coldStartMeasurement,
  ...deadLetterMeasurements,
  ...memoryProviderMeasurements,
];
