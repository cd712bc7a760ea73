import type { ExpectedOutcome, SampleConversation, SampleMessage } from './conversation.js';

/**
 * What a device that was away has of the messages to its user.
 * @param placeOf how many messages it got before this one; -1: it has not got it
 */
export function caughtUp(
  { messages, secondDevice }: SampleConversation,
  placeOf: (sampleId: string) => number,
): ExpectedOutcome['secondDevice'] {
  const missed = messages.filter(({ to }) => to === secondDevice.user);
  const arrived = missed.filter(({ id }) => placeOf(id) >= 0);
  const isInOrder = ({ id, conversation }: SampleMessage, index: number): boolean =>
    arrived
      .slice(0, index)
      .every((earlier) => earlier.conversation !== conversation || placeOf(earlier.id) < placeOf(id));
  return { missed: missed.length, caughtUp: arrived.length, inOrder: arrived.filter(isInOrder).length };
}
