import type { NotificationType } from './notification-type.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** A daily span in which nothing but URGENT goes out. May span midnight; `start` equal to `end` means never. */
export interface QuietHours {
  /** `HH:MM`, the first quiet minute. */
  readonly start: string;
  /** `HH:MM`, the first minute that is not quiet. */
  readonly end: string;
  /** IANA name, for example `Europe/Berlin`. */
  readonly timeZone: string;
}

/** What a recipient wants. */
export interface RecipientPreferences {
  readonly recipientId: string;
  /** Channels the recipient switched off. */
  readonly optedOut: readonly NotificationType[];
  readonly quietHours: QuietHours | null;
}

/** Opt-outs and quiet hours. Unique key: `recipientId`. */
export abstract class NotificationPreferences extends TraceHolder {
  /** Null: the recipient set nothing, everything may go out. */
  abstract find(recipientId: string, signal?: AbortSignal): Promise<RecipientPreferences | null>;

  /** Replaces what is stored. */
  abstract save(preferences: RecipientPreferences, signal?: AbortSignal): Promise<void>;
}
