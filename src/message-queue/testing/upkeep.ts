import type { ModuleRef } from '@nestjs/core';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { ActivityReporters } from '../monitoring/activity/activity-reporters.js';
import { AlertWatches } from '../monitoring/alerts/alert-watches.js';
import { ScheduleReconciler } from '../schedules/schedule-reconciler.js';

/** What an app does every few seconds, done when the clock moves: in between nothing changes, and thousands of passes a day would find nothing. */
export class ManualUpkeep {
  constructor(private readonly moduleRef: ModuleRef) {}

  /** Nothing of it happens by itself from now on. */
  async takeOver(): Promise<void> {
    this.reporters.hold();
    await Promise.all([this.sweeper.stop(), this.schedules.stop(), this.alerts.halt()]);
  }

  /** Does all of it once. */
  async pass(): Promise<void> {
    await this.schedules.reconcile();
    let more = true;
    while (more) ({ more } = await this.sweeper.sweep());
  }

  /** What was done until now belongs to this minute: to be called before the clock moves. */
  keepActivity(): Promise<void> {
    return this.reporters.flushAll();
  }

  /** Alerts are judged on the way, since they go by how long something lasts. @returns how often, milliseconds; null: they are off */
  get alertsEveryMs(): number | null {
    return this.alerts.everyMs;
  }

  /** Judges alerts once, and waits until everybody was told. */
  judgeAlerts(): Promise<void> {
    return this.alerts.turn();
  }

  private get reporters(): ActivityReporters {
    return this.moduleRef.get(ActivityReporters, { strict: false });
  }

  private get alerts(): AlertWatches {
    return this.moduleRef.get(AlertWatches, { strict: false });
  }

  private get sweeper(): RetentionSweeper {
    return this.moduleRef.get(RetentionSweeper, { strict: false });
  }

  private get schedules(): ScheduleReconciler {
    return this.moduleRef.get(ScheduleReconciler, { strict: false });
  }
}
