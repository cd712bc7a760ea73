/** What this process runs for; `unset`: nobody said. */
export type EnvironmentName = 'development' | 'test' | 'production' | 'unset';

/**
 * What NODE_ENV, or the option in its place, stands for: exactly `development` or `test`, and `production` for every other text. A name
 * that nobody thought of (`staging`, `prod`, `Development`) must not open anything.
 */
export function environmentOf(named: unknown): EnvironmentName {
  if (named === undefined) return 'unset';
  return named === 'development' || named === 'test' ? named : 'production';
}

/**
 * Whether what has no lock of its own is open: the board without `board.access`, the reference chat, a key that is published. Only where
 * somebody said `development` or `test`; convenient defaults that open nothing ask for `production` instead, and hold where nobody said.
 */
export function opensUnlocked(environment: EnvironmentName): boolean {
  return environment === 'development' || environment === 'test';
}
