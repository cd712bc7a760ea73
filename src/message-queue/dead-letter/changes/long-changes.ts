import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { OperatorEntry } from '../../broker/activity-store.js';
import { Broker } from '../../broker/broker.js';
import { OperatorLog } from '../../privacy/audit/operator-log.js';
import type { DeadLetterFilter } from '../dead-letter-filter.js';
import type { DeadLetterService } from '../dead-letter.service.js';
import type { ChangeOptions, LetterAction } from './letter-change.js';
import { OperationNotFoundError, STOP, targetOf, toldByEntries } from './long-change.js';
import type { LongChange } from './long-change.js';

/** What a long change is about. */
export interface LongChangeCall {
  readonly action: LetterAction;
  readonly filter: DeadLetterFilter;
  readonly options: ChangeOptions;
}

/** How often it is noted how far a change is, and how often it is asked whether to stop, milliseconds. */
const NOTE_EVERY_MS = 15_000;
const ASK_EVERY_MS = 1_000;
/** How many entries of operators are looked through for an operation of another process. */
const MOST_ENTRIES = 2_000;
const PAGE = 200;
/** Ended changes that are remembered. */
const MOST_KNOWN = 100;

interface Running {
  state: LongChange;
  readonly call: LongChangeCall;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  notedAt: number;
  askedAt: number;
}

/**
 * Changes of so many letters that nobody waits for them. Each runs in the process that began it; every process can tell how far it is and stop it,
 * by the entries of operators. A process that stops ends its own between two batches.
 */
@Injectable()
export class LongChanges implements OnApplicationShutdown {
  private readonly logger = new SafeLogger('DeadLetters');
  private readonly known = new Map<string, Running>();

  constructor(
    private readonly broker: Broker,
    private readonly log: OperatorLog,
  ) {}

  /** Begins one. @param letters as whoever asks sees them @returns as it begins */
  async start(letters: DeadLetterService, call: LongChangeCall): Promise<LongChange> {
    const id = randomUUID();
    const { action, options } = call;
    const { by, matched } = options;
    const startedAt = new Date(this.broker.now());
    const state: LongChange = {
      ...{ id, action, state: 'running', by, startedAt, matched, moved: 0, gone: 0, failed: [] },
    };
    const stop = new AbortController();
    const now = performance.now();
    const running: Running = { state, call, stop, ended: Promise.resolve(), notedAt: now, askedAt: now };
    await this.note(running, 'begun', matched);
    this.known.set(id, Object.assign(running, { ended: this.run(letters, running) }));
    this.forgetOldest();
    return running.state;
  }

  /** @throws OperationNotFoundError */
  async get(id: string): Promise<LongChange> {
    const own = this.known.get(id);
    if (own !== undefined) return own.state;
    const told = toldByEntries(id, await this.entries(id), this.broker.now());
    if (told !== null) return told;
    throw new OperationNotFoundError(`There is no operation "${id}" (any more).`);
  }

  /** Ends one between two batches, in whichever process it runs. @throws OperationNotFoundError */
  async stop(id: string, by: string): Promise<LongChange> {
    const told = await this.get(id);
    if (told.state !== 'running') return told;
    this.known.get(id)?.stop.abort();
    await this.log.note({ by, action: STOP, target: targetOf(id), outcome: 'done' });
    return told;
  }

  /** Ends those of this process, and waits for their batches under way. */
  async onApplicationShutdown(): Promise<void> {
    const running = [...this.known.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ ended }) => ended));
  }

  private async run(letters: DeadLetterService, running: Running): Promise<void> {
    const { call, stop } = running;
    const onProgress = (moved: number): Promise<void> => this.progressed(running, moved);
    const options = { ...call.options, signal: stop.signal, onProgress };
    try {
      const { moved, gone, failed } = await letters.change(call.action, call.filter, options);
      const state = failed.length > 0 ? 'failed' : stop.signal.aborted ? 'stopped' : 'done';
      running.state = { ...running.state, state, moved, gone, failed };
    } catch (error) {
      running.state = { ...running.state, state: 'failed' };
      this.logger.error(`Operation ${running.state.id} has failed: ${String(error)}`);
    }
    const { state, moved } = running.state;
    await this.note(running, state === 'running' ? 'progress' : state, moved);
  }

  /** Never fails: what is noted is for those who look. */
  private async progressed(running: Running, moved: number): Promise<void> {
    running.state = { ...running.state, moved };
    const now = performance.now();
    try {
      if (now - running.askedAt >= ASK_EVERY_MS) {
        running.askedAt = now;
        const target = targetOf(running.state.id);
        const entries = await this.broker.activity.notes({ limit: PAGE });
        if (entries.some((one) => one.action === STOP && one.target === target)) running.stop.abort();
      }
      if (now - running.notedAt < NOTE_EVERY_MS) return;
      running.notedAt = now;
      await this.note(running, 'progress', moved);
    } catch {
      // The broker is away: the change itself will say so.
    }
  }

  private note({ state, call }: Running, outcome: OperatorEntry['outcome'], count: number): Promise<void> {
    const { by, reason = null } = call.options;
    return this.log.note({ by, action: call.action, target: targetOf(state.id), count, reason, outcome });
  }

  private async entries(id: string): Promise<OperatorEntry[]> {
    const found: OperatorEntry[] = [];
    let before: string | undefined;
    for (let looked = 0; looked < MOST_ENTRIES; looked += PAGE) {
      const page = await this.broker.activity.notes({ limit: PAGE, before });
      found.push(...page.filter(({ target }) => target === targetOf(id)));
      before = page.at(-1)?.id;
      const isWhole = found.some(({ outcome, action }) => outcome === 'begun' && action !== STOP);
      if (isWhole || page.length < PAGE) break;
    }
    return found;
  }

  private forgetOldest(): void {
    for (const [id, { state }] of this.known) {
      if (this.known.size <= MOST_KNOWN) return;
      if (state.state !== 'running') this.known.delete(id);
    }
  }
}
