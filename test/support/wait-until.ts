/**
 * Waits until `condition` returns something truthy (it may be async) and returns it.
 * @throws Error naming `what` when `deadlineMs` (default 30 s: it ends a hang, it measures nothing) passes first
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  what: string,
  deadlineMs = 30_000,
): Promise<NonNullable<T>> {
  // The machine's clock may be what a test sets.
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > giveUpAt) throw new Error(`Waited ${deadlineMs} ms for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
