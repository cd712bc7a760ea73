import type { PendingState } from './schedule-changes.js';
import type { StoredSchedule } from './schedule-record.js';

/** A schedule of a queue, and how its pending run stands; null: it has none. */
export interface ScheduleLook {
  readonly schedule: StoredSchedule;
  readonly run: PendingState | null;
}

/** What keeping the schedules of a queue found and changed. */
export interface ScheduleCare {
  /** Keys of those whose pending run was planned again. */
  readonly revived: readonly string[];
  /** Keys of those that are listed and will never run: what they would run is not known any more. */
  readonly dead: readonly string[];
}

/** What is done to a schedule; `forget` leaves no trace of a declared one either. */
export type ScheduleAction = 'pause' | 'resume' | 'remove' | 'forget';

/** The schedules of one queue. */
export interface SchedulesOfQueue {
  /**
   * Pauses, resumes or ends a schedule; its pending run goes. Nothing changes where it has ended, or is as it should be.
   * @param key its own, or its name in Bull's layout
   * @returns whether there is such a schedule
   */
  change(key: string, action: ScheduleAction): Promise<boolean>;

  /** Every schedule, those that only Bull's layout knows too. */
  look(): Promise<ScheduleLook[]>;

  /** Plans the runs again that schedules have lost. Costs one round trip when the queue has no schedules. */
  keep(): Promise<ScheduleCare>;
}
