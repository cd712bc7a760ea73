import {
  InMemoryConversationStore,
  InMemoryMessages,
  InMemoryMessageStore,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { DeletionGate } from '../../src/message-queue/queues/deletion-gate.js';
import { ManualCircuitBreakers } from '../../src/message-queue/testing/manual-circuit-breakers.js';

/** A gate over these messages and their conversations. Default: of none, so that nothing was deleted. */
export function deletionGate(
  data = new InMemoryMessages(),
  breakers = new ManualCircuitBreakers(),
): DeletionGate {
  return new DeletionGate(new InMemoryConversationStore(data), new InMemoryMessageStore(data), breakers);
}
