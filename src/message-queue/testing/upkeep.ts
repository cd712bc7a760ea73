import type { ModuleRef } from '@nestjs/core';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { ScheduleReconciler } from '../schedules/schedule-reconciler.js';

/** What an app does every few seconds, done when the clock moves: in between nothing changes, and thousands of passes a day would find nothing. */
export class ManualUpkeep {
  constructor(private readonly moduleRef: ModuleRef) {}

  /** Nothing of it happens by itself from now on. */
  async takeOver(): Promise<void> {
    await Promise.all([this.sweeper.stop(), this.schedules.stop()]);
  }

  /** Does all of it once. */
  async pass(): Promise<void> {
    await this.schedules.reconcile();
    let more = true;
    while (more) ({ more } = await this.sweeper.sweep());
  }

  private get sweeper(): RetentionSweeper {
    return this.moduleRef.get(RetentionSweeper, { strict: false });
  }

  private get schedules(): ScheduleReconciler {
    return this.moduleRef.get(ScheduleReconciler, { strict: false });
  }
}
