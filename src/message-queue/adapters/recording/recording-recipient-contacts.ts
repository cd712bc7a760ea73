import { Injectable } from '@nestjs/common';
import { RecipientContacts } from '../../ports/notifications/recipient-contacts.js';
import type { RecipientContact } from '../../ports/notifications/recipient-contacts.js';
import { CallRecorder } from './call-recorder.js';

/** An address book in memory; empty until a contact is set. */
@Injectable()
export class RecordingRecipientContacts extends RecipientContacts {
  readonly recorder = new CallRecorder();
  private readonly contacts = new Map<string, RecipientContact>();

  /** Adds or replaces a contact. */
  setContact(contact: RecipientContact): void {
    this.contacts.set(contact.recipientId, contact);
  }

  override find(recipientId: string, signal?: AbortSignal): Promise<RecipientContact | null> {
    return this.recorder.run('find', [recipientId], signal, () => this.contacts.get(recipientId) ?? null);
  }
}
