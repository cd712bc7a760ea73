import type { Queue } from 'bull';
import type { Broker, QueueWorker } from '../../../src/message-queue/broker/broker.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { FlowModel } from './flow-model.js';
import type { FlowJob } from './flow-model.js';
import type { FlowShape } from './flow-shape.js';

/** Long enough that no job is taken ahead of runs of this length. */
const SHORTEST_RUN_MS = 12;

/** What hands can do to a store that know nothing of groups. */
export interface ForeignHands {
  /** As if the worker of a run had died: its job is recovered. */
  crash(queue: Queue, id: string): Promise<void>;
  /** Deletes a job behind everybody's back. */
  remove(queue: Queue, id: string): Promise<void>;
  /** What looks for slots whose owners are gone looks once. */
  sweep(queue: Queue): Promise<void>;
  /** What is left of groups of a queue that has no jobs. */
  leftovers(queue: Queue): Promise<string[]>;
}

/** Where a random run takes place. */
export interface FlowStage {
  readonly broker: Broker;
  readonly queue: Queue;
  /** Null where nobody but the broker can reach the jobs. */
  readonly foreign: ForeignHands | null;
  /** Somebody deletes jobs: what looks for lost slots looks again and again. */
  readonly isDisturbed: boolean;
  /** How long what should happen may take, milliseconds: it only ends hangs. */
  readonly patienceMs: number;
}

interface OpenRun {
  readonly taken: TakenJob;
  readonly startedAt: number;
  readonly settle: (settlement: Settlement) => void;
}

/** A queue under random steps, with a model beside it that is told of each. */
export class FlowRun {
  readonly model: FlowModel;
  /** Runs whose jobs were taken from them: their ends change nothing. */
  readonly ghosts: OpenRun[] = [];
  private readonly runs = new Map<string, OpenRun>();
  private worker: QueueWorker | null = null;

  constructor(
    readonly stage: FlowStage,
    readonly shape: FlowShape,
  ) {
    this.model = new FlowModel(shape);
  }

  async begin(): Promise<void> {
    this.worker = await this.stage.broker.work(
      this.stage.queue,
      this.shape.handlers,
      (taken) =>
        new Promise((settle) => {
          const id = String(taken.job.id);
          this.runs.set(id, { taken, settle, startedAt: performance.now() });
          this.model.start(id);
        }),
    );
  }

  /** The run of a job. */
  takenOf(id: string): TakenJob {
    return this.run(id).taken;
  }

  /** Ends a run, after the model was told. @returns whether its end was stored */
  async settle(id: string, settlement: Settlement): Promise<void> {
    const run = this.run(id);
    this.runs.delete(id);
    if (!(await this.end(run, settlement))) this.model.complaints.push(`the end of ${id} was not stored`);
  }

  /** The job of a run was taken from it. */
  haunt(id: string): void {
    this.ghosts.push(this.run(id));
    this.runs.delete(id);
  }

  /** Ends a run that lost its job. */
  async settleGhost(ghost: OpenRun, settlement: Settlement): Promise<void> {
    this.ghosts.splice(this.ghosts.indexOf(ghost), 1);
    this.model.busy -= 1;
    const isStored = await this.end(ghost, settlement);
    // Of one that failed, Redis tells by the attempts that were made by then.
    if (!isStored || settlement.kind === 'failed') return;
    this.model.complaints.push(`a lost run of ${String(ghost.taken.job.id)} was stored`);
  }

  /** Waits until whatever should have started has, then compares what is counted with the model. */
  async isQuiet(): Promise<void> {
    const { broker, queue } = this.stage;
    const soon = this.model.inState('delayed').filter((job) => job.soon);
    if (soon.length > 0) {
      const far = this.model.inState('delayed').length - soon.length;
      await this.until(async () => (await broker.snapshot(queue)).delayed <= far, 'what is due to wait');
      for (const job of soon) if (job.soon) this.model.due(job);
    }
    await this.until(async () => {
      if (this.model.stuck().length === 0) return true;
      if (this.stage.isDisturbed) await this.stage.foreign?.sweep(queue);
      return false;
    }, 'jobs to start that nothing holds');
  }

  /** Compares what is counted with the model; a worker may still be putting back what it may not start. @throws Error */
  async check(): Promise<void> {
    const giveUpAt = performance.now() + this.stage.patienceMs;
    for (;;) {
      try {
        await this.compare();
        return;
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  private async compare(): Promise<void> {
    const { broker, queue } = this.stage;
    const { model } = this;
    const { flow, ...counts } = await broker.snapshot(queue);
    const listed = await broker.groupsOf(queue).list({ state: 'holding', cursor: null, limit: 1_000 });
    const held = listed.groups.reduce((sum, group) => sum + group.held, 0);
    const found = {
      open: counts.waiting + counts.paused + counts.active,
      delayed: counts.delayed,
      failed: counts.failed,
      parked: flow.parked,
      paused: flow.paused,
      held: flow.held,
      holding: flow.holding,
    };
    const dead = model.inState('dead');
    expect(found).toEqual({
      open: model.inState('waiting', 'running').length,
      delayed: model.inState('delayed').length,
      failed: dead.length,
      parked: dead.filter(({ parks }) => parks).length,
      paused: model.paused.size,
      held,
      holding: listed.groups.length,
    });
  }

  /** @throws Error with what the model complains of */
  assertNoComplaint(): void {
    expect(this.model.complaints).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.worker?.stopFetching();
  }

  /** Jobs that run, in the order of their ids. */
  get running(): FlowJob[] {
    return this.model.inState('running').filter(({ id }) => this.runs.has(id));
  }

  private async end({ taken, settle, startedAt }: OpenRun, settlement: Settlement): Promise<boolean> {
    const rest = this.stage.foreign === null ? 0 : SHORTEST_RUN_MS - (performance.now() - startedAt);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    const stored = new Promise<boolean>((resolve) => taken.onStored(resolve));
    settle(settlement);
    return stored;
  }

  private run(id: string): OpenRun {
    const run = this.runs.get(id);
    if (run === undefined) throw new Error(`Job ${id} has no run.`);
    return run;
  }

  private async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const giveUpAt = performance.now() + this.stage.patienceMs;
    for (;;) {
      this.assertNoComplaint();
      if (await condition()) return;
      if (performance.now() > giveUpAt)
        throw new Error(`Waited in vain for ${what}: ${this.model.stuck().join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
