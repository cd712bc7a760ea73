import { setTimeout as pause } from 'node:timers/promises';
import { closedMeanwhile, notSent, refusedLater, timedOut } from './unanswered-add.js';
import { inRootContext } from '../../../../kernel/host/root-context.js';
import type { PendingAdd } from './pending-add.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { isTriedAgain, replyOf } from '../../../../kernel/redis/redis-replies.js';
import { Silence } from '../connections/outage/silence.js';
import type { RedisScripts } from '../connections/redis-scripts.js';

const MOST_JOBS_PER_CALL = 100;
/** Of jobs that are added one by one, so many do not wait for the rest of what is issued together: Redis works meanwhile. */
const ENOUGH_JOBS = 50;
const MOST_BYTES_PER_CALL = 1024 * 1024;
const MOST_CALLS_IN_FLIGHT = 4;
const RETRY_DELAY_MS = 50;
/** Deadlines are kept to this many milliseconds, by one timer for all adds. */
const DEADLINE_CHECK_MS = 20;

/**
 * Sends the adds of one queue. Those issued together share a round trip, but each has its own outcome and deadline.
 * After a lost connection the same call is sent again with the same ids, so each job is added only once.
 */
export class AddBuffer {
  private buffer: PendingAdd[] = [];
  private scheduled = false;
  private isGathering = false;
  /** Batches whose outcomes are not known. */
  private readonly underWay = new Set<readonly PendingAdd[]>();
  /** Those of them that Redis may have seen, and since when. */
  private readonly sent = new Map<readonly PendingAdd[], number>();
  private readonly silence: Silence;
  private deadlineTimer: NodeJS.Timeout | null = null;
  private isWatching = false;
  private closed = false;

  /**
   * @param base `prefix:queue:`
   * @param silentAfterMs a Redis that owes an answer to an add for this long counts as away
   */
  constructor(
    private readonly base: string,
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
    private readonly silentAfterMs: number,
  ) {
    const ask = (): Promise<unknown> => connections.client.exists(`${base}id`);
    this.silence = connections.isCluster ? new Silence(ask, () => this.closed) : connections.silence;
  }

  /** Whether what was sent now would not arrive. */
  get isAway(): boolean {
    return this.connections.isAway || this.silence.isOn;
  }

  add(add: PendingAdd): void {
    const size = this.buffer.push(add);
    const enough = this.isGathering ? MOST_JOBS_PER_CALL : ENOUGH_JOBS;
    if (size === enough && this.connections.isReady) inRootContext(this.sendBuffered);
    else if (!this.scheduled) this.schedule();
    if (this.deadlineTimer === null) this.watchDeadlines();
  }

  /** Adds many at once: each call over the network costs as much as some jobs. */
  gather(addAll: () => void): void {
    this.isGathering = true;
    addAll();
    this.isGathering = false;
  }

  /** While Redis is away: rejects the adds that have not been sent and may not wait, in their order. */
  giveUpUnsent(): void {
    if (this.deadlineTimer === null) return;
    clearTimeout(this.deadlineTimer);
    this.keepDeadlines();
  }

  /** Rejects the adds that have not been sent, and those that will get no answer. */
  close(): void {
    this.closed = true;
    const unsent = this.buffer;
    this.buffer = [];
    unsent.forEach(refuse);
    // On a working connection the answers arrive before it is closed.
    if (!this.connections.isReady) for (const batch of this.underWay) batch.forEach(refuse);
  }

  /** Sends once all that is issued together has been issued, and in order: nothing overtakes what waits for a connection. */
  private schedule(): void {
    if (this.closed || this.underWay.size >= MOST_CALLS_IN_FLIGHT || this.buffer.length === 0) return;
    this.scheduled = true;
    // One call carries the adds of many requests, and belongs to none of them.
    inRootContext(this.planSending);
  }

  private readonly planSending = (): void => {
    const { connections } = this;
    if (connections.isReady) process.nextTick(this.sendBuffered);
    else void connections.ready(RETRY_DELAY_MS).then(this.sendBuffered);
  };

  private readonly sendBuffered = (): void => {
    this.scheduled = false;
    if (!this.connections.isReady) {
      this.schedule();
      return;
    }
    while (this.buffer.length > 0 && this.underWay.size < MOST_CALLS_IN_FLIGHT) {
      void this.send(this.nextBatch());
    }
  };

  private nextBatch(): PendingAdd[] {
    const { buffer } = this;
    let bytes = 0;
    let end = 0;
    for (; end < buffer.length && end < MOST_JOBS_PER_CALL; end++) {
      const add = buffer[end] as PendingAdd;
      if (end > 0 && (add.call !== buffer[0]?.call || bytes + add.bytes > MOST_BYTES_PER_CALL)) break;
      bytes += add.bytes;
    }
    return buffer.splice(0, end);
  }

  private async send(batch: readonly PendingAdd[]): Promise<void> {
    this.underWay.add(batch);
    let open = batch;
    // Adds whose caller stopped waiting drop out; the others are retried until their deadlines.
    while (open.length > 0 && !(await this.trySend(open))) {
      if (this.closed) open.forEach(refuse);
      open = open.filter(({ settled }) => !settled);
    }
    this.underWay.delete(batch);
    if (!this.scheduled) this.schedule();
  }

  private async trySend(adds: readonly PendingAdd[]): Promise<boolean> {
    const { connections } = this;
    // A disconnected client would send the command once it reconnects, long after we gave up.
    if (!connections.isWritable) {
      await this.connection();
      return false;
    }
    if (!this.isWatching) this.watchConnection();
    const { call, refusal } = adds[0] as PendingAdd;
    // What was refused before says nothing about this try.
    if (refusal !== null) for (const add of adds) add.refusal = null;
    this.sent.set(adds, performance.now());
    try {
      const args = call.args(adds);
      if (call.announce?.() === true) connections.writeTogether();
      const reply = await this.scripts.run(call.script, this.base, args);
      adds.forEach((add, position) => {
        if (add.settled) return;
        add.settled = true;
        add.answered(reply, position);
      });
      return true;
    } catch (error) {
      return await this.goesOn(adds, error as Error);
    } finally {
      this.sent.delete(adds);
    }
  }

  /** @returns whether the adds are settled */
  private async goesOn(adds: readonly PendingAdd[], error: Error): Promise<boolean> {
    if (isTriedAgain('add', error)) {
      const wasAnswered = replyOf(error) !== null;
      for (const add of adds) {
        add.refusal = wasAnswered ? error : null;
        if (!wasAnswered) add.mayBeStored = true;
      }
      await pause(RETRY_DELAY_MS);
      return false;
    }
    for (const add of adds) fail(add, add.mayBeStored ? refusedLater(add.place, error) : error);
    return true;
  }

  /** The client itself resends what was not answered. */
  private watchConnection(): void {
    this.isWatching = true;
    this.connections.client.on('close', () => {
      for (const batch of this.sent.keys()) for (const add of batch) add.mayBeStored = true;
    });
  }

  /** Waits a little for one that takes commands. */
  private async connection(): Promise<void> {
    const { connections } = this;
    // One that is about to close is not noticed by `ready`.
    if (connections.isReady) await pause(RETRY_DELAY_MS);
    else await connections.ready(RETRY_DELAY_MS);
  }

  private watchDeadlines(): void {
    this.deadlineTimer = inRootContext(() => setTimeout(this.keepDeadlines, DEADLINE_CHECK_MS));
  }

  private readonly keepDeadlines = (): void => {
    this.deadlineTimer = null;
    const now = performance.now();
    const [sentAt = now] = this.sent.values();
    if (now - sentAt >= this.silentAfterMs) this.silence.begin();
    const sent = new Set([...this.sent.keys()].flat());
    for (const batch of this.underWay) for (const add of batch) this.expire(add, now, sent.has(add));
    for (const add of this.buffer) this.expire(add, now, false);
    this.buffer = this.buffer.filter(({ settled }) => !settled);
    if (this.buffer.length > 0 || this.underWay.size > 0) this.watchDeadlines();
  };

  private expire(add: PendingAdd, now: number, isSent: boolean): void {
    if (add.settled) return;
    const isCertain = !isSent && !add.mayBeStored;
    const { trouble } = this.connections;
    if (isCertain && this.isAway && !add.waits) fail(add, notSent(add.place, trouble));
    else if (now < add.deadlineAt) return;
    else if (isCertain && add.refusal === null) fail(add, notSent(add.place, trouble, add.deadlineMs));
    else fail(add, timedOut(add.place, add.deadlineMs, add, trouble));
  }
}

function refuse(add: PendingAdd): void {
  if (!add.settled) fail(add, closedMeanwhile(add.place, add.mayBeStored));
}

function fail(add: PendingAdd, error: Error): void {
  if (add.settled) return;
  add.settled = true;
  add.failed(error);
}
