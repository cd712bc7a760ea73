/** What somebody changed, or tried to. */
export interface OperatorDeed {
  readonly by: string;
  /** Such as `replay`, `pause`, `mute`, `sign-in`. */
  readonly action: string;
  /** Queues, a job, a schedule or an alert, in words; empty where there is none. */
  readonly target: string;
  /** Which jobs were meant, as JSON; null where there is no filter. */
  readonly filter: string | null;
  /** How many jobs; null where it is none of jobs. */
  readonly count: number | null;
  readonly reason: string | null;
  readonly outcome: 'done' | 'failed' | 'refused' | 'begun' | 'progress' | 'stopped';
  /** Where it was asked for: `rest`, `console`, `board`, `cli`, `app`. */
  readonly via: string;
}
