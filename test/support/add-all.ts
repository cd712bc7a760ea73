import type { Queue } from 'bull';
import type { AddRequest, Broker } from '../../src/message-queue/broker/broker.js';

/** Adds of a set-up need not be quick on a busy machine. */
const SETUP_TIMEOUT_MS = 30_000;

/**
 * Adds jobs for a test to work with.
 * @returns their ids
 * @throws Error when one was not added
 */
export async function addAll(
  broker: Broker,
  queue: Queue,
  requests: readonly AddRequest[],
): Promise<string[]> {
  const patient = requests.map((request) => ({ deadlineMs: SETUP_TIMEOUT_MS, ...request }));
  const outcomes = await broker.addMany(queue, patient);
  return outcomes.map((outcome) => {
    if (outcome.outcome === 'added') return outcome.id;
    throw new Error(`A job of the set-up was not added: ${outcome.outcome}.`, { cause: outcome });
  });
}
