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
  /** Name of the heading in the runbook, and the address of it. */
  readonly runbook: string;
  readonly value: number;
  readonly limit: number;
  /** When it became what it is. */
  readonly since: Date;
  /** When it last fired and was over again; null where it never was. */
  readonly sentTo: readonly string[];
  readonly mutedUntil: Date | null;
  readonly mutedBy: string | null;
}
