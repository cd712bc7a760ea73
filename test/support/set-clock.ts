const HOUR_MS = 3_600_000;

/** An hour in either direction: what an operator or a time server does to the clock of a machine. */
export const CLOCK_STEPS: readonly (readonly [step: string, ms: number])[] = [
  ['an hour forward', HOUR_MS],
  ['an hour back', -HOUR_MS],
];

/** Sets this machine's clock, as far as this process sees it. @returns sets it right again */
export function setClock(byMs: number): () => void {
  const rightNow = Date.now.bind(Date);
  const set = jest.spyOn(Date, 'now').mockImplementation(() => rightNow() + byMs);
  return () => set.mockRestore();
}
