import { IsBoolean, IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { defineQueue } from '../../../src/message-queue/index.js';
import type { QueueDefinition } from '../../../src/message-queue/index.js';
import { MOMENTS } from './dying-schedules.js';
import type { Moment } from './dying-schedules.js';

/** What a job of the fault tests does. */
export class FaultJobDto {
  /** Names the job in the record that handlers write. */
  @IsString()
  key!: string;

  /** How long a run takes. */
  @IsInt()
  sleepMs!: number;

  /** It must end as a dead letter; every other job must not. */
  @IsOptional()
  @IsBoolean()
  doomed?: boolean;

  /** So many times a run of it kills its worker. */
  @IsOptional()
  @IsInt()
  crashes?: number;

  /** How long the first run takes instead. */
  @IsOptional()
  @IsInt()
  firstMs?: number;

  /** The first run waits until its process was blocked. */
  @IsOptional()
  @IsBoolean()
  untilBlocked?: boolean;

  /** How the first run ends instead: its attempt fails, or it asks for a later try. */
  @IsOptional()
  @IsIn(['fail', 'defer'])
  firstEnd?: 'fail' | 'defer';

  /** So many attempts fail. */
  @IsOptional()
  @IsInt()
  failures?: number;

  /** No run may begin earlier, milliseconds since the epoch. */
  @IsOptional()
  @IsInt()
  notBefore?: number;

  /** Its process dies at that moment of the next run of a schedule. */
  @IsOptional()
  @IsIn(MOMENTS)
  dies?: Moment;
}

/**
 * Job names of the queue: `stubborn` does not listen to its signal, `quick` has no effects and takes no time, a `follow-up` is added by the
 * run of another job.
 */
const OLD_JOBS = { work: FaultJobDto, stubborn: FaultJobDto, quick: FaultJobDto, 'follow-up': FaultJobDto };

/** A release later: a name of which the old one knows nothing, and a payload of a newer version. */
const NEW_JOBS = {
  ...OLD_JOBS,
  recent: FaultJobDto,
  quick: { payload: FaultJobDto, version: 2, upcast: (_version: number, job: object) => job },
};

/** Names of jobs that the checker orders. */
export type OrderedName = 'work' | 'stubborn' | 'quick' | 'recent';

/** Which jobs a process knows. */
export type FaultRelease = 'old' | 'new';

/** The queue of the fault tests; producers and workers build the same one. */
export type FaultQueue = QueueDefinition<'faults', Record<OrderedName | 'follow-up', typeof FaultJobDto>>;

export const FAULT_QUEUE = 'faults';
export const FAULT_PREFIX = 'f';
/** How long keys are remembered, milliseconds: the longest soak takes a day, and what waits then is still to be run. */
export const REMEMBERED_MS = 2 * 24 * 60 * 60 * 1_000;
/** Every add settles within so long, milliseconds. */
export const ADD_DEADLINE_MS = 2_000;
/** Attempts of a job. */
export const ATTEMPTS = 3;

/** Key of the job that a run adds for the job with this key; also what its effect is called. */
export function followUpOf(key: string): string {
  return `${key}>`;
}

/** Key of a job: whether it has effects can be read from it. */
export function keyOf(name: string, number: number): string {
  return `${name === 'quick' ? 'q' : 'k'}${number}`;
}

/** Key of a schedule's run that is due at a time, milliseconds since the epoch. @param key of the schedule's payload */
export function keyOfRun(key: string, dueAt: number): string {
  return `${key}@${dueAt}`;
}

/** Whether runs of the job with this key have effects. */
export function hasEffects(key: string): boolean {
  return !key.startsWith('q');
}

/** Whether it is the key of a job that a run added: nobody notes its runs. */
export function isFollowUp(key: string): boolean {
  return key.endsWith('>');
}

/** @param keepsCompleted jobs that finished stay, so that what became of each can be read; otherwise they are removed at once */
export function faultQueue(keepsCompleted: boolean, release: FaultRelease): FaultQueue {
  const definition: QueueDefinition = defineQueue({
    name: FAULT_QUEUE,
    description: 'Jobs of the fault tests.',
    jobs: release === 'new' ? NEW_JOBS : OLD_JOBS,
    concurrency: 20,
    attempts: ATTEMPTS,
    backoff: { type: 'fixed', delayMs: 100 },
    timeoutMs: 30_000,
    minRepeatMs: 100,
    retention: { completedCount: keepsCompleted ? 1_000_000 : 0 },
  });
  return definition as FaultQueue;
}

/** Settings of one process, passed as JSON. */
export interface FaultHostSettings {
  /** A worker runs jobs; the producers are two apps of one process that add jobs. */
  readonly role: 'worker' | 'producers';
  readonly redis: { readonly port: number; readonly username?: string; readonly password?: string };
  readonly concurrency: number;
  /** File that handlers append what they did to. */
  readonly record: string;
  /** SQLite file of the keyed effects. */
  readonly effectsUrl: string;
  readonly maxCrashes: number;
  readonly lock?: { readonly durationMs: number; readonly renewMs: number; readonly stalledCheckMs: number };
  /** How long SIGTERM waits for handlers before it aborts them, milliseconds. */
  readonly drainMs: number;
  readonly keepsCompleted: boolean;
  readonly release: FaultRelease;
  /** So much its clock is wrong when it starts, milliseconds. */
  readonly clockOffsetMs: number;
  /** It declares a schedule, whose first run is far away. */
  readonly hasSchedule: boolean;
}
