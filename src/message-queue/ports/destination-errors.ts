import { MessageQueueError } from '../../kernel/errors.js';

/** How long a destination or a service that takes nothing for now is waited for, where nobody says: a day, milliseconds. */
export const DEFAULT_PATIENCE_MS = 24 * 60 * 60 * 1000;

/**
 * One destination takes nothing for now, while others may: it greylists, its mailbox is full, its receiver is being deployed. The job runs
 * again without an attempt spent: when the destination said so, else a minute later and then after longer and longer waits. Once that has
 * gone on for `patienceMs`, it counts as any other error. No circuit breaker of a service that several destinations share counts it.
 */
export class DestinationBusyError extends MessageQueueError {
  readonly code = 'DESTINATION_BUSY';
  constructor(
    /** What it answered; never what was sent or where. */
    message: string,
    /** How long it asked to be left alone, milliseconds from 1; null: it did not say. */
    readonly retryAfterMs: number | null = null,
    /** Milliseconds since the job was first told so; a replay begins anew. */
    readonly patienceMs: number = DEFAULT_PATIENCE_MS,
  ) {
    super(message);
  }
}

/**
 * The service refuses us, whatever we send and to whom: a wrong password, an expired key, an account without credit. No job is at fault: it
 * waits without an attempt spent until somebody has mended the settings. It opens the channel's circuit breaker at once, and health says so.
 */
export class ChannelSettingsError extends MessageQueueError {
  readonly code = 'CHANNEL_SETTINGS';
  /** The circuit breaker that counted it, which says so here; null: none did. */
  dependency: string | null = null;
}
