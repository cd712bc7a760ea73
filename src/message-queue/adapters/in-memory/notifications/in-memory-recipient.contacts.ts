import { Inject, Injectable, Optional } from '@nestjs/common';
import { RecipientContacts } from '../../../ports/notifications/recipient-contacts.js';
import type { RecipientContact } from '../../../ports/notifications/recipient-contacts.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/** An address book in memory; empty until a contact is set. */
@Injectable()
export class InMemoryRecipientContacts extends RecipientContacts {
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
}
