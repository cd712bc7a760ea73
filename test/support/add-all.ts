import type { Queue } from 'bull';
import type { AddRequest, Broker } from '../../src/message-queue/broker/broker.js';

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
  const outcomes = await broker.addMany(queue, requests);
  return outcomes.map((outcome) => {
    if (outcome.outcome === 'added') return outcome.id;
    throw new Error(`A job of the set-up was not added: ${outcome.outcome}.`, { cause: outcome });
  });
}
