import { EventEmitter } from 'node:events';
import type { FlowPolicy } from '../../src/message-queue/jobs/flow/flow-policy.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { JobSettler } from '../../src/message-queue/broker/memory/store/job-settler.js';
import { MemoryBudget } from '../../src/message-queue/broker/memory/store/memory-budget.js';
import { QueueEngine } from '../../src/message-queue/broker/memory/store/queue-engine.js';
import { StoredJob } from '../../src/message-queue/broker/memory/store/stored-job.js';
import type { StoredOptions } from '../../src/message-queue/broker/memory/store/stored-job.js';

/** What a test says of a job. Its id begins with its key, as `a1`. */
interface Given {
  readonly key?: string | undefined;
  readonly tenant?: string;
  readonly delay?: number;
  readonly priority?: number;
  readonly repeat?: StoredOptions['repeat'];
}

/** The engine of a queue with gates, worked on by hand. */
export class EngineBench {
  readonly clock = new ManualClock(1_000);
  readonly engine: QueueEngine;
  readonly settler: JobSettler;
  wakes = 0;

  constructor(flow: FlowPolicy) {
    this.engine = new QueueEngine({
      name: 'work',
      clock: this.clock,
      budget: new MemoryBudget(),
      emitter: new EventEmitter(),
      limit: null,
      flow,
      hooks: {
        onWork: () => (this.wakes += 1),
        onStart: () => undefined,
        onEnd: () => undefined,
        onExpire: () => undefined,
        onRemove: () => undefined,
      },
    });
    this.settler = new JobSettler(this.engine);
    this.engine.startPromoting();
  }

  add(id: string, { key = id.slice(0, 1), tenant, delay = 0, priority = 6, repeat }: Given = {}): StoredJob {
    const options: StoredOptions = {
      attempts: 3,
      delay,
      priority,
      ...(repeat !== undefined && { repeat }),
      mq: { ...(key !== '-' && { key }), ...(tenant !== undefined && { tenant }) },
    };
    const job = new StoredJob(id, 'job', '{}', options, this.clock.now(), delay, 500);
    job.membership = this.engine.gates.membershipOf('job', options);
    this.engine.store.insert(job);
    this.engine.place(job, delay > 0 ? this.clock.now() + delay : null, 'lane-end');
    return job;
  }

  addAll(...ids: string[]): StoredJob[] {
    return ids.map((id) => this.add(id));
  }

  /** Takes the next job. */
  take(): string | null {
    return this.engine.take()?.id ?? null;
  }

  /** Takes all that may start. */
  takeAll(): string[] {
    const taken: string[] = [];
    for (let id = this.take(); id !== null; id = this.take()) taken.push(id);
    return taken;
  }

  /** Runs one job after the other to its end. */
  runAll(): string[] {
    const runs: string[] = [];
    for (let id = this.take(); id !== null; id = this.take()) {
      runs.push(id);
      this.complete(id);
    }
    return runs;
  }

  complete(id: string): void {
    this.settler.complete(this.job(id), undefined);
  }

  bury(id: string): void {
    this.settler.bury(this.job(id), 'no');
  }

  remove(id: string): void {
    this.engine.remove(this.job(id));
  }

  job(id: string): StoredJob {
    const job = this.engine.store.jobs.get(id);
    if (job === undefined) throw new Error(`There is no job ${id}.`);
    return job;
  }

  /** Waiting jobs that no lane has, in the order in which they are shown. */
  held(): string[] {
    return [...this.engine.gates.groups.lists()].flatMap((jobs) => [...jobs].map(({ id }) => id));
  }
}
