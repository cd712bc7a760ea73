/** An alert as a sink is told of it. */
export interface AlertNotice {
  /** The same for every notice of an incident and of its end: a receiver drops what it has seen, by `id`, `status` and `reminder`. */
  readonly id: string;
  readonly rule: string;
  /** Null where the rule is of the broker or the fleet. */
  readonly queue: string | null;
  readonly severity: 'warning' | 'critical';
  readonly status: 'firing' | 'resolved';
  /** What is wrong, in a sentence with numbers; never content of a job. */
  readonly message: string;
  /** What to do first, in a sentence. */
  readonly action: string;
  /** Where the runbook speaks of it. */
  readonly runbook: string;
  readonly value: number;
  readonly limit: number;
  /** When it began to fire. */
  readonly since: Date;
  /** When it was over; null while it fires. */
  readonly resolvedAt: Date | null;
  /** How often it was told before that it still fires: 0 the first time. */
  readonly reminder: number;
}
