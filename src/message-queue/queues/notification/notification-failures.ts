import { CircuitOpenError, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';

/** After which a destination or service that does not say for how long is asked again, about; milliseconds. */
const USUAL_WAIT_MS = 60_000;

/**
 * What ends the run, of the errors of several targets: one that can be tried again before one that cannot, and one that spends no attempt before
 * one that does, so that no target is given up while another one waits; of those, the one that waits least.
 * @returns null where trying again helps none of them
 */
export function decidingFailure(errors: readonly Error[]): Error | null {
  const [first] = errors
    .filter((error) => !(error instanceof UnrecoverableJobError))
    .sort((a, b) => rankOf(a) - rankOf(b));
  return first ?? null;
}

function rankOf(error: Error): number {
  if (error instanceof RetryLater) return error.delayMs;
  if (error instanceof CircuitOpenError) return error.retryAfterMs;
  if (error instanceof DestinationBusyError) return error.retryAfterMs ?? USUAL_WAIT_MS;
  if (error instanceof ChannelSettingsError) return USUAL_WAIT_MS;
  return error instanceof NotificationSendError ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY;
}
