import { TraceHolder } from '../privacy/trace-holder.js';

/** Where a recipient can be reached outside of the app. */
export interface RecipientContact {
  readonly recipientId: string;
  readonly email: string | null;
  /** E.164, for example `+4915112345678`. */
  readonly phone: string | null;
}

/** The host's address book; asked when a notification job names no destination of its own. */
export abstract class RecipientContacts extends TraceHolder {
  /** Null when the recipient is unknown. */
  abstract find(recipientId: string, signal?: AbortSignal): Promise<RecipientContact | null>;
}
