import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Job } from 'bull';
import { Broker } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import type { PayloadInput } from '../facade/payload-input.js';
import { JobNotFoundError } from '../jobs/errors.js';
import { JobEnds } from '../jobs/events/job-end.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { JobExecutor } from '../execution/job-executor.js';
import { Groups } from '../groups/groups.js';
import type { NamedGroup } from '../groups/named-group.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import type { CallRecorder, Fault, FaultPlan, MethodOf, RecordedCall } from './call-recorder.js';
import { DrainRecorder } from './drain-report.js';
import type { DrainReport } from './drain-report.js';
import { toMilliseconds } from '../../kernel/time/duration.js';
import type { Duration } from '../../kernel/time/duration.js';
import { EnqueuedJobs } from './enqueued/enqueued-jobs.js';
import type { ExpectedJob } from './enqueued/expected-job.js';
import { GroupUnderTest } from './group-under-test.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { recorderOf } from './recorded.js';
import { resultOf, takeAlone } from './single-run.js';
import { ManualUpkeep } from './upkeep.js';

/** For so long after something happened alerts are judged as often as in an app; after that every minute will do. Milliseconds. */
const OFTEN_FOR_MS = 15 * 60_000;
const SELDOM_MS = 60_000;

/** A port's token: its abstract class. */
type PortToken<Port> = abstract new (...args: never[]) => Port;

/** What tests do with the queues of a {@link MessageQueueTestingModule}: look, run, move the time, break things. */
@Injectable()
export class MessageQueueTestKit {
  private readonly broker: MemoryBroker;
  private readonly upkeep: ManualUpkeep;
  private readonly enqueued: EnqueuedJobs;
  /** Recorders that a test planned faults for: only they can hold a job up on purpose. */
  private readonly troubled = new Set<{ readonly isHanging: boolean }>();

  constructor(
    private readonly clock: ManualClock,
    private readonly queues: ManagedQueues,
    private readonly events: JobEvents,
    private readonly ends: JobEnds,
    private readonly executor: JobExecutor,
    private readonly moduleRef: ModuleRef,
    broker: Broker,
  ) {
    if (!(broker instanceof MemoryBroker))
      throw new TypeError('The test kit drives the providers "memory" and "sync" only.');
    this.broker = broker;
    this.upkeep = new ManualUpkeep(moduleRef);
    this.enqueued = new EnqueuedJobs(queues);
  }

  /**
   * A job like this was enqueued since the test began, whatever became of it.
   * @returns the first job that fits
   * @throws Error that shows what was enqueued in its place
   */
  async assertEnqueued(expected: ExpectedJob): Promise<Job> {
    return this.enqueued.find(expected);
  }

  /**
   * No job like this was enqueued.
   * @throws Error that shows the job that was
   */
  async refuteEnqueued(unexpected: ExpectedJob): Promise<void> {
    return this.enqueued.refute(unexpected);
  }

  /**
   * What is stored of a job's payload, to assert on what is sealed and what stays readable: JSON text.
   * @throws UnknownQueueError, JobNotFoundError
   */
  async storedText({ queue, id }: { readonly queue: string; readonly id: string }): Promise<string> {
    const job = await this.queues.get(queue).queue.getJob(id);
    if (job !== null) return JSON.stringify(job.data);
    throw new JobNotFoundError(`There is no job "${id}" in queue "${queue}".`, { queue, jobId: id });
  }

  /**
   * Runs everything that is due, one job after the other in their order, and what becomes due by it. The clock stands still,
   * except when a call that was made to hang holds a job up: then it moves to that job's timeout.
   */
  async drain(): Promise<DrainReport> {
    const recorder = new DrainRecorder(this.events);
    await this.runDue();
    return recorder.finish();
  }

  /**
   * Moves the clock, and runs each job when it becomes due on the way: delays, retries, schedules, retention, alerts. The clock stops
   * where a job is due, however long the way: days without jobs pass at once. Alerts are judged as often as the app says for the first
   * 15 minutes of a time without jobs, then every minute.
   * @param duration milliseconds, or a text such as `24h`
   */
  async advance(duration: Duration): Promise<DrainReport> {
    const recorder = new DrainRecorder(this.events);
    const target = this.clock.now() + toMilliseconds(duration);
    await this.upkeep.takeOver();
    await this.runDue();
    for (
      let next = this.broker.nextDueAt();
      next !== null && next <= target;
      next = this.broker.nextDueAt()
    ) {
      await this.moveTo(next);
      await this.runDue();
    }
    await this.moveTo(target);
    await this.runDue();
    return recorder.finish();
  }

  /**
   * Runs one handler with validation, middleware and timeout, as for a job, without a queue.
   * @returns the handler's result, as it would be stored
   * @throws what the handler threw, InvalidPayloadError, JobTimeoutError, or RetryLater
   */
  async performJob<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    jobName: N,
    payload: PayloadInput<D, N>,
  ): Promise<unknown> {
    const registered = this.queues.get(definition.name).definition;
    const { taken, close } = await takeAlone(registered, jobName, payload, this.clock);
    try {
      const settlement = await this.untilSettled(this.executor.run(taken, registered));
      // No broker stores how it ended: it is told at once.
      taken.noteStored(true);
      await this.untilSettled(this.ends.settled());
      return resultOf(settlement);
    } finally {
      await close();
    }
  }

  /**
   * One group of a queue, to look at and to act on.
   * @param named its key, or which group it is: `{ tenant: 'acme' }`, `{ job: 'digest', key: 'u-7' }`
   */
  group<D extends QueueDefinition>(
    definition: D,
    named: string | NamedGroup<JobNameOf<D>>,
  ): GroupUnderTest<D> {
    const groups = this.moduleRef.get(Groups, { strict: false });
    return new GroupUnderTest(groups, definition, typeof named === 'string' ? { key: named } : named);
  }

  /**
   * Makes the next call of a port's method fail before it reaches the adapter, whichever adapter that is: one in memory, or
   * the host's own.
   *
   * ```ts
   * kit.fail(MessageTransport, 'deliver');                                       // the next call rejects
   * kit.fail(MessageTransport, 'deliver', new Error('no line'), { times: 2 });   // the next two do, with this error
   * kit.fail(EmailChannel, 'send', 'time-out', { after: 1 });                    // the one after the next
   * kit.fail(MessageStore, 'save', 'hang');                                      // until the job times out
   * ```
   * @param fault default: an error that says that the test asked for it
   * @throws TypeError for a class that is neither a port of the library nor given as `adapters`
   */
  fail<Port extends object>(
    port: PortToken<Port>,
    method: MethodOf<Port>,
    fault?: Fault,
    plan?: FaultPlan,
  ): void {
    const recorder = this.recorderOf(port);
    this.troubled.add(recorder);
    recorder.fail(method, fault, plan);
  }

  /** The calls that a port's method got, oldest first, failed ones included. @throws TypeError as {@link fail} */
  callsOf<Port extends object, Method extends MethodOf<Port>>(
    port: PortToken<Port>,
    method: Method,
  ): readonly RecordedCall<Port, Method>[] {
    return this.recorderOf(port).callsOf(method);
  }

  private async moveTo(time: number): Promise<void> {
    await this.upkeep.keepActivity();
    const everyMs = this.upkeep.alertsEveryMs ?? Number.POSITIVE_INFINITY;
    const begunAt = this.clock.now();
    let stepMs = everyMs;
    while (time - this.clock.now() > stepMs) {
      await this.clock.advance(stepMs);
      await this.upkeep.judgeAlerts();
      if (this.clock.now() - begunAt >= OFTEN_FOR_MS) stepMs = Math.max(everyMs, SELDOM_MS);
    }
    await this.clock.advance(Math.max(0, time - this.clock.now()));
    await this.upkeep.pass();
    await this.upkeep.judgeAlerts();
  }

  private async runDue(): Promise<void> {
    for (;;) {
      const ran = await this.untilSettled(this.broker.runNext());
      await this.untilSettled(this.ends.settled());
      if (!ran) return;
    }
  }

  /** Waits for a run; while a call hangs on purpose, the clock goes from timer to timer so that timeouts end it. */
  private async untilSettled<T>(run: Promise<T>): Promise<T> {
    let settled = false;
    const isSettled = (): boolean => settled;
    const ended = run.finally(() => (settled = true));
    ended.catch(() => undefined);
    while (!isSettled()) {
      await nextTurn();
      const hangs = [...this.troubled].some((recorder) => recorder.isHanging);
      if (!isSettled() && hangs) await this.clock.advanceToNextTimer();
    }
    return ended;
  }

  private recorderOf<Port extends object>(port: PortToken<Port>): CallRecorder<Port> {
    const recorder = recorderOf(this.moduleRef.get<object>(port, { strict: false }));
    if (recorder !== undefined) return recorder as unknown as CallRecorder<Port>;
    throw new TypeError(
      `The calls of ${port.name} are not recorded: it is not a port that the test kit has an adapter for, and MessageQueueTestingModule.register({ adapters }) does not provide it.`,
    );
  }
}
