import type { Subject } from './subject.js';

/** A contestant before it is loaded. */
export interface SubjectEntry {
  /** As it is shown in the table, and told to its process. */
  readonly name: string;
  /** Whether its jobs live in its process; such a subject has no figures of Redis. */
  readonly inProcess: boolean;
  /** Loads it, and nothing of the others. */
  load(): Promise<Subject>;
}

/** Ratios are to this one. */
export const PLAIN_BULL = {
  name: 'plain Bull',
  inProcess: false,
  load: async () => (await import('./subjects/plain-bull.subject.js')).plainBull,
} as const satisfies SubjectEntry;

/** Bull's successor. */
export const BULLMQ = {
  name: 'BullMQ',
  inProcess: false,
  load: async () => (await import('./subjects/bullmq.subject.js')).bullMq,
} as const satisfies SubjectEntry;

/** The fast and simple one: no priorities. */
const BEE_QUEUE = {
  name: 'bee-queue',
  inProcess: false,
  load: async () => (await import('./subjects/bee-queue.subject.js')).beeQueue,
} as const satisfies SubjectEntry;

/** The fair peer of the whole road. */
export const CAREFUL_HOST = {
  name: 'careful host',
  inProcess: false,
  load: async () => (await import('./subjects/careful-host.subject.js')).carefulHost,
} as const satisfies SubjectEntry;

/** The whole road on Redis. */
export const OURS = {
  name: 'ours',
  inProcess: false,
  load: async () => (await import('./subjects/module.subject.js')).moduleOnRedis,
} as const satisfies SubjectEntry;

/** The whole road on the memory provider. */
export const OURS_IN_MEMORY = {
  name: 'ours, memory',
  inProcess: true,
  load: async () => (await import('./subjects/module.subject.js')).moduleInMemory,
} as const satisfies SubjectEntry;

/** The floor under all adds that are waited for one by one. */
const ONE_CALL = {
  name: 'one call',
  inProcess: false,
  load: async () => (await import('./subjects/one-call.subject.js')).oneCall,
} as const satisfies SubjectEntry;

/** All that are queues. */
export const SUBJECTS: readonly SubjectEntry[] = [
  PLAIN_BULL,
  BULLMQ,
  BEE_QUEUE,
  CAREFUL_HOST,
  OURS,
  OURS_IN_MEMORY,
];

/** Those that keep their jobs in Redis. */
export const ON_REDIS: readonly SubjectEntry[] = SUBJECTS.filter(({ inProcess }) => !inProcess);

/** All that may have a column, in the order of the columns. */
export const CONTESTANTS: readonly SubjectEntry[] = [...SUBJECTS, ONE_CALL];
