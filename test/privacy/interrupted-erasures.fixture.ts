import type { INestApplication, Type } from '@nestjs/common';
import {
  AttachmentStore,
  BatchProgressStore,
  CleanupStore,
  ConversationMembers,
  ConversationStore,
  DataKeyStore,
  DeviceTokenStore,
  EncryptedContentStore,
  MessageStore,
  NotificationInbox,
  NotificationLedger,
  NotificationPreferences,
  RecipientContacts,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';

const PORTS = [
  ...[AttachmentStore, BatchProgressStore, CleanupStore, ConversationMembers, ConversationStore],
  ...[DataKeyStore, DeviceTokenStore, EncryptedContentStore, MessageStore, NotificationInbox],
  ...[NotificationLedger, NotificationPreferences, RecipientContacts, SearchIndex],
] as unknown as readonly Type<object>[];
/** Calls that change something: between any two of them a process may die. */
const STEPS = [
  ...['eraseTraces', 'removeMany', 'claim', 'removeClaimed', 'destroy', 'addTombstone', 'saveErasure'],
  ...['withdrawErasure', 'markDeleted'],
];

/** What every step of a process says after its death. */
class Killed extends Error {}

/** After its death every step fails, of which one is told, or several. */
export function expectKilled(error: unknown): void {
  if (error instanceof AggregateError) error.errors.forEach(expectKilled);
  else expect(error).toBeInstanceOf(Killed);
}

/** Lets the process "die" at one of its steps: that call, and all that follow, reject. @returns how many there were */
export function killAt(app: INestApplication, step: number, when: 'before' | 'after'): () => number {
  let steps = 0;
  for (const port of PORTS) {
    const store = app.get<Record<string, unknown>>(port);
    for (const name of STEPS) {
      const method = store[name];
      if (typeof method !== 'function') continue;
      store[name] = async (...given: unknown[]): Promise<unknown> => {
        steps += 1;
        const isLast = steps === step;
        if (steps > step || (isLast && when === 'before')) throw new Killed();
        const answer: unknown = await (method as (...args: unknown[]) => unknown).apply(store, given);
        if (isLast) throw new Killed();
        return answer;
      };
    }
  }
  return () => steps;
}
