/**
 * What an error means for the call that failed with it. Redis executed nothing of a call that it answered with an error.
 *
 * - `lost`: the connection broke before the answer came. Redis may have executed the call.
 * - `passing`: Redis is changing its state and will take the same call in a moment.
 * - `blocked`: Redis takes no writes until memory is freed.
 * - `refused`: the same call would be refused again.
 */
export type ReplyMeaning = 'lost' | 'passing' | 'blocked' | 'refused';

/** Error replies by their code; whatever is not listed is refused. */
const MEANINGS: Readonly<Record<string, ReplyMeaning>> = {
  LOADING: 'passing',
  BUSY: 'passing',
  UNBLOCKED: 'passing',
  // A failover, or replicas that are away.
  READONLY: 'passing',
  MASTERDOWN: 'passing',
  NOREPLICAS: 'passing',
  // A Cluster that is moving slots or electing a master.
  CLUSTERDOWN: 'passing',
  TRYAGAIN: 'passing',
  MOVED: 'passing',
  ASK: 'passing',
  OOM: 'blocked',
  MISCONF: 'blocked',
};

/** Redis 6.2 wraps an error inside a script: `ERR Error running script (call to f_…): @user_script:5: @user_script: 5: -OOM …`. */
const IN_SCRIPT = /^ERR Error running script .*?: (?:@user_script: ?\d+: )+-?([A-Z]+)\b/;
const PLAIN = /^([A-Z]+)\b/;

/** What an error means, for everything that calls Redis. */
export function meaningOf(error: unknown): ReplyMeaning {
  const code = replyCode(error);
  if (code === null) return 'lost';
  return MEANINGS[code] ?? 'refused';
}

/** The code of an error reply, such as `OOM`, also of one inside a script; null when Redis did not answer. */
export function replyCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null;
  return (IN_SCRIPT.exec(error.message) ?? PLAIN.exec(error.message))?.[1] ?? '';
}
