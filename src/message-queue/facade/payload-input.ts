import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import type { Type } from '@nestjs/common';

/** What a host writes for a payload: the DTO's data, as a plain object; its methods, if any, need not be there. */
export type PayloadInput<D extends QueueDefinition, N extends JobNameOf<D>> =
  D['jobs'][N] extends Type<infer Payload> ? DataOf<Payload> : never;

/** The properties of a class that are not methods. */
export type DataOf<Payload> = Pick<
  Payload,
  { [Key in keyof Payload]: Payload[Key] extends (...args: never[]) => unknown ? never : Key }[keyof Payload]
>;
