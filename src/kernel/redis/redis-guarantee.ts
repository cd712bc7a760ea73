/** What an operator may guarantee of a Redis that does not tell, or of which it is true in another way than by its settings. */
export const REDIS_GUARANTEES = ['noeviction', 'persistence', 'version'] as const;

/** One of {@link REDIS_GUARANTEES}. */
export type RedisGuarantee = (typeof REDIS_GUARANTEES)[number];
