import { SystemClock } from '../../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../../kernel/time/repeated-task.js';
import { overQueues } from '../../connections/over-queues.js';
import type { RedisAccess } from '../../connections/over-queues.js';
import { lookAtQueuesScript } from '../../scripts/snapshot-queue.lua.js';

/** What a look at one queue found. */
export interface QueueLook {
  /** Whether jobs are active, or were when the jobs of dead workers were last looked for. */
  readonly mayHaveStalled: boolean;
  /** How long until the next delayed job is due, milliseconds; at most 0 when it is. Null when none is delayed. */
  readonly dueInMs: number | null;
  /** Jobs that wait for a worker; 0 while the queue is paused. */
  readonly waiting: number;
  /** How many of them wait in lanes that a worker cannot block on: a message tells it of those. */
  readonly inLanes: number;
  /** Whether jobs are delayed because workers that did not know them passed them on. */
  readonly hasPassedOn: boolean;
  /** Whether groups hold jobs, or keys stand still. */
  readonly hasHeld: boolean;
}

/** A queue that this process works on, as the sweep knows it. */
export interface SweptQueue {
  /** Its base key, `prefix:queue:`. */
  readonly base: string;
  readonly see: (look: QueueLook) => void;
  readonly failed: (error: unknown) => void;
}

const NOTHING: QueueLook = {
  mayHaveStalled: false,
  dueInMs: null,
  waiting: 0,
  inLanes: 0,
  hasPassedOn: false,
  hasHeld: false,
};

/**
 * Looks at all queues that this process works on, in one call, for what nobody announced or what no message reached: jobs
 * of dead workers, due jobs, waiting jobs. An idle queue costs Redis one command per look.
 */
export class QueueSweep {
  private readonly queues = new Set<SweptQueue>();
  private readonly task: RepeatedTask;

  constructor(
    private readonly redis: RedisAccess,
    everyMs: number,
    private readonly onLook: (base: string) => void,
  ) {
    this.task = new RepeatedTask({
      // Locks expire by real time.
      clock: new SystemClock(),
      keepAlive: true,
      turn: async () => {
        await this.look();
        return everyMs;
      },
      failed: () => everyMs,
    });
  }

  /** Looks at a queue from now on, at once first. */
  join(queue: SweptQueue): void {
    this.queues.add(queue);
    void this.task.start();
    this.task.hasten(0);
  }

  /** Looks at a queue no more; what a look under way finds is not told either. */
  leave(queue: SweptQueue): void {
    this.queues.delete(queue);
    if (this.queues.size === 0) void this.task.stop();
  }

  private async look(): Promise<void> {
    const swept = [...this.queues];
    const answers = overQueues(
      lookAtQueuesScript,
      swept.map(({ base }) => base),
      this.redis,
      // A refusal says that no worker could renew its locks: it must be known before jobs are looked for that nobody holds.
      'once',
    );
    await Promise.all(swept.map((queue) => this.tell(queue, answers.get(queue.base))));
  }

  private async tell(queue: SweptQueue, answer: Promise<unknown> | undefined): Promise<void> {
    try {
      const look = toLook((await answer) as LookReply);
      this.onLook(queue.base);
      if (this.queues.has(queue)) queue.see(look);
    } catch (error) {
      if (this.queues.has(queue)) queue.failed(error);
    }
  }
}

/** Null where the queue is empty. */
type LookReply =
  | readonly [
      mayHaveStalled: number,
      dueInMs: number | null,
      inWait: number,
      inLanes: number,
      passedOn: number,
      holding: number,
    ]
  | null;

function toLook(reply: LookReply): QueueLook {
  if (reply === null) return NOTHING;
  const [mayHaveStalled, dueInMs, inWait, inLanes, passedOn, holding] = reply;
  return {
    mayHaveStalled: mayHaveStalled > 0,
    dueInMs,
    waiting: inWait + inLanes,
    inLanes,
    hasPassedOn: passedOn > 0,
    hasHeld: holding > 0,
  };
}
