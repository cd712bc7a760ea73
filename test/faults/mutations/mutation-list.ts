import type { Mutation } from './mutation.js';
import { OF_ADDING } from './of-adding.js';
import { OF_ENDING } from './of-ending.js';
import { OF_KEEPING } from './of-keeping.js';
import { OF_NOTICING } from './of-noticing.js';
import { OF_OWNERSHIP } from './of-ownership.js';
import { OF_SCHEDULES } from './of-schedules.js';

/** Variable that names the mutation of a process under test. */
export const MUTATION_VARIABLE = 'FAULT_MUTATION';

/** Every mistake that the fault table must see. */
export const MUTATIONS: readonly Mutation[] = [
  ...OF_OWNERSHIP,
  ...OF_ADDING,
  ...OF_KEEPING,
  ...OF_ENDING,
  ...OF_SCHEDULES,
  ...OF_NOTICING,
];

/**
 * Makes the mistake that the environment names, if it names one. Call it before anything runs.
 * @throws Error when there is no such mutation, or what it changes is not there any more
 */
export function applyMutation(name: string | undefined): void {
  if (name === undefined) return;
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`There is no mutation "${name}".`);
  mutation.apply();
}
