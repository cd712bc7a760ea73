/** Where an alert stands. */
export interface AlertStatus {
  /** `<rule>` or `<rule>|<queue>`. */
  readonly id: string;
  readonly rule: string;
  readonly queue: string | null;
  readonly severity: 'warning' | 'critical';
  readonly state: 'ok' | 'pending' | 'firing';
  /** What is wrong, in a sentence with numbers. */
  readonly message: string;
  /** What to do first, in a sentence. */
  readonly action: string;
  /** Address of its heading in the runbook. */
  readonly runbook: string;
  readonly value: number;
  readonly limit: number;
  /** When it became what it is. */
  readonly since: Date;
  /** When the incident began to fire; null before. */
  readonly firedAt: Date | null;
  /** When somebody was last told; null: nobody was told of this incident. */
  readonly sentAt: Date | null;
  /** Names of the sinks that were told of its last transition. */
  readonly sentTo: readonly string[];
  readonly mutedUntil: Date | null;
  readonly mutedBy: string | null;
}
