const POLL_MS = 50;

/**
 * Resolves when the condition holds.
 * @throws the signal's reason, and Error naming `what` when `deadlineMs` passes first
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  signal: AbortSignal,
  deadlineMs = 60_000,
): Promise<void> {
  const giveUpAt = Date.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    if (await condition()) return;
    if (Date.now() > giveUpAt) throw new Error(`Waited ${deadlineMs / 1000} s for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
