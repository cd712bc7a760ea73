import { MessageQueueError } from '../../../../kernel/errors.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';
import { QueueFullError } from '../../../jobs/errors.js';
import { KeyUnavailableError } from '../../../jobs/sealing/sealing-errors.js';
import type { AddOutcome } from '../../broker.js';
import { JOB_ADDED } from '../../rules/events/local-events.js';
import type { SentJob, SpoolingQueue } from '../spool/queue-drain.js';
import type { Admitted } from '../spool/spool-job.js';
import { spooledAdd } from '../spool/spooled-job.js';
import type { SpooledJob } from '../spool/spooled-job.js';
import { asQueueError } from './as-queue-error.js';
import type { EnqueuerParts } from './enqueuer-parts.js';
import { LongAdd, LongRoad } from './long-road.js';

/** Jobs of one call. */
const MOST_JOBS_PER_CALL = 100;
/** How long a connection is waited for, milliseconds; then it is asked again whether there is still something to send. */
const CONNECTION_MS = 250;
/** Jobs of a spool wait for as long as it takes. */
const NO_DEADLINE_MS = Number.POSITIVE_INFINITY;

/** Adds the jobs of one queue that come out of a spool: in their order, and each once however often it is sent. */
export class SpooledAdds implements SpoolingQueue {
  readonly base: string;
  readonly name: string;
  private readonly road: LongRoad;

  constructor(private readonly parts: EnqueuerParts) {
    const { queue, connections } = parts;
    this.base = queue.base;
    this.name = queue.name;
    this.road = new LongRoad(queue, connections.clock, true);
  }

  report(message: string, about: { readonly jobId?: string; readonly cause?: unknown }): void {
    this.parts.report({ kind: 'spool', queue: this.name, message, ...about });
  }

  async send(jobs: readonly SpooledJob[], areCurrent: () => boolean): Promise<SentJob[]> {
    const read = await Promise.all(jobs.map((job) => this.read(job)));
    const adds = read.filter((one): one is Admitted => !('state' in one));
    const sent =
      adds.length > MOST_JOBS_PER_CALL
        ? await this.oneByOne(adds, areCurrent)
        : await this.together(adds, areCurrent);
    let next = 0;
    return read.map((one) => ('state' in one ? one : (sent[next++] as SentJob)));
  }

  private async read(job: SpooledJob): Promise<Admitted | SentJob> {
    try {
      return await spooledAdd(job, this.parts.queue.definition);
    } catch (error) {
      return refusedAlone(error as Error);
    }
  }

  private async together(adds: readonly Admitted[], areCurrent: () => boolean): Promise<SentJob[]> {
    if (adds.length === 0) return [];
    try {
      return await this.call(adds, areCurrent);
    } catch (error) {
      const mayBeOfOne = isFaulty(error) && adds.length > 1;
      return mayBeOfOne
        ? this.oneByOne(adds, areCurrent)
        : adds.map((add) => this.waiting(add, error as Error));
    }
  }

  /**
   * Redis does not say whether it refuses one of them or the queue as it is. What is refused before another one is taken
   * is at fault itself.
   */
  private async oneByOne(adds: readonly Admitted[], areCurrent: () => boolean): Promise<SentJob[]> {
    const sent: SentJob[] = [];
    const refused = new Set<number>();
    for (const add of adds) {
      try {
        sent.push(...(await this.call([add], areCurrent)));
      } catch (error) {
        if (isFaulty(error)) refused.add(sent.length);
        sent.push(this.waiting(add, error as Error));
        if (!isFaulty(error)) break;
      }
      if (sent.at(-1)?.state === 'waits' && !refused.has(sent.length - 1)) break;
    }
    const last = sent.findLastIndex(({ state }) => state === 'added');
    for (const place of refused) {
      const { error } = sent[place] as { readonly error: Error };
      if (place < last) sent[place] = { state: 'never', error };
    }
    const unsent: SentJob = { state: 'waits', error: null };
    return adds.map((_add, place) => sent[place] ?? unsent);
  }

  /** @throws QueueFullError while Redis is short of memory; what Redis answers to all of them, or that it does not */
  private async call(adds: readonly Admitted[], areCurrent: () => boolean): Promise<SentJob[]> {
    const { queue, connections, scripts, memory } = this.parts;
    memory.check({ queue: queue.name, job: adds[0]?.request.name ?? '' });
    if (!(await connections.ready(CONNECTION_MS))) throw new Error('There is no connection to Redis.');
    if (!areCurrent()) throw new Error('What was read from the spool has changed since.');
    const sending: LongAdd[] = [];
    const sent = adds.map(
      ({ request, job }) =>
        new Promise<SentJob>((resolve) => {
          const added = (outcome: AddOutcome): void => resolve(this.added(outcome, request.name));
          const refused = (error: Error): void => resolve(refusedAlone(error));
          sending.push(new LongAdd(this.road, request, job, NO_DEADLINE_MS, added, refused));
        }),
    );
    const reply = await scripts.run(this.road.script, queue.base, this.road.args(sending));
    sending.forEach((add, place) => add.answered(reply, place));
    return Promise.all(sent);
  }

  private added({ id, deduplicated }: AddOutcome, name: string): SentJob {
    if (!deduplicated) this.parts.queue.emit(JOB_ADDED, id, name);
    return { state: 'added' };
  }

  private waiting({ request, job }: Admitted, error: Error): SentJob {
    if (error instanceof MessageQueueError) return { state: 'waits', error };
    const reply = replyOf(error);
    // An outage is told of by the connections.
    if (reply === null || reply.meaning === 'passing') return { state: 'waits', error: null };
    const place = { queue: this.parts.queue.name, job: request.name, jobId: String(job.options.jobId) };
    return { state: 'waits', error: asQueueError(error, place) };
  }
}

/** There will be room, or a key; everything else that is said of one job stays as it is. */
function refusedAlone(error: Error): SentJob {
  const passes = error instanceof QueueFullError || error instanceof KeyUnavailableError;
  return { state: passes ? 'waits' : 'never', error };
}

/** Whether it may be the job that Redis does not take: what is stored under its keys, or its size. */
function isFaulty(error: unknown): boolean {
  const reply = replyOf(error);
  return reply?.meaning === 'faulty' || reply?.code === 'PROTOCOL';
}
