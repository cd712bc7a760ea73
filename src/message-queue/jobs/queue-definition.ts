import type { Type } from '@nestjs/common';
import { QUEUE_DEFAULTS } from './queue-settings.js';
import type { DefinedSettings, QueueSettings } from './queue-settings.js';

/** Job name → the DTO class its payload is validated against. */
export type JobMap = Record<string, Type<object>>;

/** A queue: its name, its jobs and its defaults. Build one with {@link defineQueue}. */
export interface QueueDefinition<
  Name extends string = string,
  Jobs extends JobMap = JobMap,
> extends QueueSettings {
  readonly name: Name;
  /** One sentence, shown on the board. */
  readonly description: string;
  readonly jobs: Jobs;
  /**
   * Ports of the library that the queue's processor uses. While nobody has plugged one of them in, memory serves it: in production
   * the app then refuses to work on the queue, elsewhere the queue's health is `degraded`. Default: none.
   */
  readonly ports?: readonly PortClass[];
}

/** A port: the abstract class that is its type and its injection token. */
export type PortClass = abstract new (...args: never[]) => object;

/** Job names of a definition. */
export type JobNameOf<D extends QueueDefinition> = Extract<keyof D['jobs'], string>;

/** Payload of one job of a definition: the instance type of its DTO class. */
export type PayloadOf<D extends QueueDefinition, N extends JobNameOf<D>> =
  D['jobs'][N] extends Type<infer Payload> ? Payload : never;

/** What {@link defineQueue} takes: everything but the settings that have library-wide defaults. */
export type QueueDefinitionInput<Name extends string, Jobs extends JobMap> = DefinedSettings &
  Pick<QueueDefinition<Name, Jobs>, 'name' | 'description' | 'jobs' | 'ports'>;

/**
 * Describes a queue, the built-in six and a host's own alike. Types `enqueue(definition, jobName, payload)`.
 * Settings are checked when the queue is registered.
 */
export function defineQueue<const Name extends string, const Jobs extends JobMap>(
  input: QueueDefinitionInput<Name, Jobs>,
): QueueDefinition<Name, Jobs> {
  return Object.freeze({
    ...QUEUE_DEFAULTS,
    ...input,
    retention: { ...QUEUE_DEFAULTS.retention, ...input.retention },
  });
}
