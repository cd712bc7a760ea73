import type { StoreLoss } from './store-loss.js';

/** Which provider keeps the jobs. */
export type ProviderName = 'memory' | 'redis' | 'sync';

/** Something about the broker's server that should be changed. */
export interface ServerFinding {
  readonly severity: 'warning' | 'fatal';
  /** What the server is set to, what it refuses, or a value that was measured and stands in the report too. */
  readonly about: 'setting' | 'refusal' | 'memory';
  readonly message: string;
}

/** What the broker's server is and whether it is fit for this use. */
export interface ServerReport {
  readonly provider: ProviderName;
  /** Whether it answers, be it with an error: then a `fatal` finding about a `refusal` says which. */
  readonly reachable: boolean;
  readonly version: string | null;
  /** Round trip in milliseconds. */
  readonly latencyMs: number | null;
  /** Used share of the memory limit, 0 to 1; null when there is no limit. */
  readonly memoryUsedRatio: number | null;
  /** Of the node with the least left, bytes; null when there is no limit, or it is not known. */
  readonly memoryLimitBytes: number | null;
  /** The broker's clock minus this machine's, milliseconds; null when it is not known. */
  readonly clockSkewMs: number | null;
  /** Jobs that the server has lost, unless somebody has dealt with it. */
  readonly loss?: StoreLoss;
  /** What should be changed, each with the exact setting. `fatal` ones about a setting stop the start in production. */
  readonly findings: readonly ServerFinding[];
}

/** Whether a server that is reached answers everything with an error. */
export function refusesAll({ findings }: ServerReport): boolean {
  return findings.some(({ about, severity }) => about === 'refusal' && severity === 'fatal');
}
