import { Inject, Injectable, Optional } from '@nestjs/common';
import { RecipientContacts } from '../../../ports/notifications/recipient-contacts.js';
import type { RecipientContact } from '../../../ports/notifications/recipient-contacts.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { isOfSubject } from '../trace-targets.js';
import { eraseNext } from '../traces.js';

/** An address book in memory; empty until a contact is set. */
@Injectable()
export class InMemoryRecipientContacts extends RecipientContacts {
  override readonly holds = 'contacts';
  private readonly contacts: BoundedMap<RecipientContact>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.contacts = new BoundedMap(limits);
  }

  /** Adds or replaces a contact. @throws InMemoryStoreFullError */
  setContact(contact: RecipientContact): void {
    this.contacts.setOrRefuse(contact.recipientId, contact, 'RecipientContacts');
  }

  override find(recipientId: string, signal?: AbortSignal): Promise<RecipientContact | null> {
    return answer(signal, () => this.contacts.get(recipientId) ?? null);
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ recipientId }) => this.contacts.delete(recipientId)),
    );
  }

  private tracesOf(target: TraceTarget): RecipientContact[] {
    return this.contacts.values().filter(isOfSubject(target));
  }
}
