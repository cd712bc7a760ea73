import { availableParallelism } from 'node:os';

const MOST_BY_DEFAULT = 4;

/** A core is left to the thread of the app, and each worker thread costs a Nest application: no more than four unless asked for. */
export function defaultWorkerCount(cores = availableParallelism()): number {
  return Math.min(MOST_BY_DEFAULT, Math.max(1, cores - 1));
}
