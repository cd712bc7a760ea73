import { IsBoolean, IsInt, IsOptional, IsString } from 'class-validator';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';

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

  /** The first run blocks the event loop for so long. */
  @IsOptional()
  @IsInt()
  blockMs?: number;
}

export const FAULT_QUEUE = 'faults';

/** Key of the job that a run adds for the job with this key; also what its effect is called. */
export function followUpOf(key: string): string {
  return `${key}>`;
}

/** The queue of the fault tests; producer and worker build the same one. */
export function faultQueue(): QueueDefinition {
  return defineQueue({
    name: FAULT_QUEUE,
    description: 'Jobs of the fault tests.',
    jobs: { work: FaultJobDto, stubborn: FaultJobDto, 'follow-up': FaultJobDto },
    concurrency: 20,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 100 },
    timeoutMs: 30_000,
  });
}

/** Settings of one worker process, passed as JSON. */
export interface FaultWorkerSettings {
  readonly port: number;
  readonly prefix: string;
  readonly concurrency: number;
  /** File that handlers append what they did to. */
  readonly record: string;
  /** SQLite file of the keyed effects. */
  readonly effectsUrl: string;
  readonly maxCrashes: number;
  readonly lock?: { readonly durationMs: number; readonly renewMs: number; readonly stalledCheckMs: number };
  /** How long SIGTERM waits for handlers before it aborts them, milliseconds. */
  readonly drainMs: number;
}
