/**
 * What an error means for the call that failed with it. Redis executed nothing of a call that it answered with an error.
 *
 * - `lost`: the connection broke before the answer came. Redis may have executed the call.
 * - `passing`: Redis is changing its state and will take the same call in a moment.
 * - `full`: Redis takes no writes until somebody makes room.
 * - `denied`: this user may not do that, or its password is not the one that Redis knows.
 * - `unfit`: this server cannot do that, whoever asks.
 * - `faulty`: what is stored is not what the call expects, or the call itself is wrong.
 * - `unknown`: nothing that Redis documents. What stands before it may say so.
 */
export type ReplyMeaning = 'lost' | 'passing' | 'full' | 'denied' | 'unfit' | 'faulty' | 'unknown';

/** One error reply of Redis. */
export interface RedisReply {
  /** Its code, such as `OOM`; `ERR` where Redis gives none of its own. */
  readonly code: string;
  readonly meaning: Exclude<ReplyMeaning, 'lost'>;
  /** What to set or to do about it: a sentence. */
  readonly remedy: string;
  /** The code, and what Redis said, without what it adds of a script. */
  readonly text: string;
}

/** An entry of the table: what such a reply says, the code that it stands for, what it means, and what to do. */
interface ReplyRule {
  readonly says: RegExp;
  readonly code: string;
  readonly meaning: RedisReply['meaning'];
  readonly remedy: string;
}

const GRANT = 'Grant it with ACL SETUSER; docs/redis-access.md lists what each kind of process needs';
const ROOM = 'Raise maxmemory, or let the workers finish what waits';
const FAILOVER = 'A failover is under way, or the address is that of a replica: connect to the master';
/** What a script meets that no other rule names is about the script, or what it reads. */
const IN_SCRIPT = /\buser_script: ?\d+/;
const LOG = 'It would be answered so again: look at the log of Redis';
const LAYOUT = 'Use a prefix whose hash tag covers all keys of a queue, or leave the prefix without one';

/**
 * Every error reply that Redis 6.2, 7 and 8 and Valkey document and that a client of ours can meet; the first that fits
 * counts. Inside scripts some have no code of their own, and each version words them differently.
 */
const RULES: readonly ReplyRule[] = [
  passing('LOADING', 'Redis is loading its data and will answer when it has'),
  passing('BUSY', 'Another script blocks Redis: SCRIPT KILL ends it'),
  passing('UNBLOCKED', 'Somebody ended the wait for this client'),
  passing('READONLY', FAILOVER),
  passing('REDIRECT', FAILOVER),
  passing('MASTERDOWN', 'This replica has lost its master: connect to the master'),
  passing('NOREPLICAS', 'Fewer replicas are connected than min-replicas-to-write asks for'),
  passing('CLUSTERDOWN', 'The Cluster is electing a master, or slots have none: redis-cli --cluster check'),
  passing('TRYAGAIN', 'The Cluster is moving these keys'),
  passing(
    'MOVED',
    'The Cluster has moved these keys: if it stays so, name several nodes in REDIS_URL, which makes it a Cluster',
  ),
  passing('ASK', 'The Cluster is moving these keys'),
  passing('NOSCRIPT', 'Redis forgot its scripts and is sent them again'),
  rule(/\bmax number of clients\b/, 'MAXCLIENTS', 'passing', 'Raise maxclients, or close connections'),
  rule(/\bScript killed by user\b/i, 'KILLED', 'passing', 'Somebody ended the script with SCRIPT KILL'),
  rule(code('OOM'), 'OOM', 'full', ROOM),
  rule(
    code('MISCONF'),
    'MISCONF',
    'full',
    'Redis cannot write to its disk: make room there and look at its log; CONFIG SET stop-writes-on-bgsave-error no goes on without it',
  ),
  rule(
    code('NOAUTH'),
    'NOAUTH',
    'denied',
    'Redis asks for a password: set REDIS_PASSWORD (redis.password), and REDIS_USERNAME if the user is not default',
  ),
  rule(
    code('WRONGPASS'),
    'WRONGPASS',
    'denied',
    'Set REDIS_USERNAME and REDIS_PASSWORD (redis.username, redis.password) to what Redis knows, and check that the user is on (ACL LIST)',
  ),
  rule(
    /\binvalid password\b/,
    'WRONGPASS',
    'denied',
    'Set REDIS_PASSWORD (redis.password) to what Redis knows',
  ),
  rule(code('NOPERM'), 'NOPERM', 'denied', GRANT),
  rule(/^ERR .*\bThe user executing the script can't\b/, 'NOPERM', 'denied', GRANT),
  rule(/^ERR .*\bACL failure in script\b/, 'NOPERM', 'denied', GRANT),
  rule(
    code('DENIED'),
    'DENIED',
    'denied',
    'Redis is in protected mode: give it a password, and set REDIS_PASSWORD (redis.password)',
  ),
  rule(
    /^ERR .*\bunknown (redis )?(sub)?command\b/i,
    'UNKNOWN',
    'unfit',
    'Redis 6.2 or later is needed, with EVALSHA, EVAL and BLMOVE under their own names (rename-command)',
  ),
  rule(code('CROSSSLOT'), 'CROSSSLOT', 'unfit', LAYOUT),
  rule(/^ERR .*\b(non local key|keys that do not hash to the same slot)\b/, 'CROSSSLOT', 'unfit', LAYOUT),
  rule(
    /^ERR .*\bcluster support disabled\b/,
    'NOCLUSTER',
    'unfit',
    'The server is not part of a Cluster: name one address in REDIS_URL',
  ),
  rule(
    /^ERR .*\bDB index is out of range\b/,
    'DATABASE',
    'unfit',
    'Set REDIS_QUEUE_DB (redis.db) to a database that Redis has',
  ),
  rule(code('NOPROTO'), 'NOPROTO', 'unfit', 'The server does not speak the protocol of Redis 6.2'),
  rule(
    /^ERR Protocol error: invalid (multi)?bulk length\b/,
    'PROTOCOL',
    'unfit',
    'It is larger than this Redis takes: raise proto-max-bulk-len',
  ),
  rule(
    /^ERR Protocol error\b/,
    'PROTOCOL',
    'unfit',
    'Check that nothing between here and Redis changes what is sent',
  ),
  rule(
    code('WRONGTYPE'),
    'WRONGTYPE',
    'faulty',
    'Something else wrote to keys of this queue: give it another prefix, and remove the key of the wrong type',
  ),
  rule(
    /^ERR (syntax error|wrong number of arg|value is |index out of |Error compiling script)/i,
    '',
    'faulty',
    LOG,
  ),
  rule(/^ERR .*\bnot (an integer|a valid float)\b/, '', 'faulty', LOG),
  rule(IN_SCRIPT, '', 'faulty', LOG),
  rule(/^/, '', 'unknown', 'Look at the log of Redis, and at what stands between here and Redis'),
];

function code(name: string): RegExp {
  return new RegExp(`^${name}\\b`);
}

function rule(says: RegExp, name: string, meaning: RedisReply['meaning'], remedy: string): ReplyRule {
  return { says, code: name, meaning, remedy: `${remedy}.` };
}

function passing(name: string, remedy: string): ReplyRule {
  return rule(code(name), name, 'passing', remedy);
}

/** Redis 6.2 wraps an error inside a script: `ERR Error running script (call to f_…): @user_script:5: @user_script: 5: -OOM …`. */
const WRAPPED = /^ERR (?:Error running script .*?: )?(?:@?user_script: ?\d+: )+-?/;
const HAS_CODE = /^[A-Z]{2,} /;
/** So it is worded when a script hands on what a call of it was answered. */
const HANDED_ON = new RegExp(`^ERR -?(?=(?:${RULES.map(({ code: name }) => name || 'ERR').join('|')})\\b)`);
/** Since Redis 7 an error inside a script ends so. */
const PLACE_IN_SCRIPT = /,? script: [0-9a-f]{40}, on @user_script:\d+\.$/;
/** What a client sent must not be told. */
const ARGUMENTS = /, with args beginning with:.*$/s;
/** ioredis says so when a new connection is refused. */
const READY_CHECK = /^Ready check failed: (?=[A-Z]+ )/;

/** What Redis answered; null when it did not answer. */
export function replyOf(error: unknown): RedisReply | null {
  if (!(error instanceof Error)) return null;
  const isReply = error.name === 'ReplyError' || READY_CHECK.test(error.message);
  if (!isReply) return null;
  const { message } = refusalOf(error);
  const text = plainText(message);
  const known = RULES.find(({ says }) => says.test(says === IN_SCRIPT ? message : text)) as ReplyRule;
  const named = known.code === '' ? (/^[A-Z]+\b/.exec(text)?.[0] ?? 'ERR') : known.code;
  const said = known.code === '' ? text : text.replace(/^ERR\b/, known.code);
  return { code: named, meaning: known.meaning, remedy: known.remedy, text: said };
}

/** A transaction is refused for what one of its commands was refused for. */
function refusalOf(error: Error): Error {
  if (!error.message.startsWith('EXECABORT')) return error;
  // ioredis lists the refusals in each of them too, itself among them.
  const { previousErrors = [] } = error as { previousErrors?: readonly Error[] };
  return previousErrors.find(({ message }) => !message.startsWith('EXECABORT')) ?? error;
}

function plainText(message: string): string {
  const said = message
    .replace(READY_CHECK, '')
    .replace(ARGUMENTS, '')
    .replace(PLACE_IN_SCRIPT, '')
    .replace(HANDED_ON, '')
    .replace(/\.+$/, '');
  const inner = said.replace(WRAPPED, '');
  return inner === said || HAS_CODE.test(inner) ? inner : `ERR ${inner}`;
}

/** What an error means, for everything that calls Redis. */
export function meaningOf(error: unknown): ReplyMeaning {
  return replyOf(error)?.meaning ?? 'lost';
}

/** The code of an error reply, such as `OOM`, also of one inside a script; null when Redis did not answer. */
export function replyCode(error: unknown): string | null {
  return replyOf(error)?.code ?? null;
}

/** Who makes a call, and so what becomes of it when Redis answers with an error. */
export type CallKind = keyof typeof TRIED_AGAIN;

/**
 * After what a call is tried again. After everything else whoever waits for it gets a typed error, which says what Redis
 * answered and what to do.
 *
 * - `add`: a job, many, or a schedule; until its deadline.
 * - `ask`: cancel, replay, discard, purge, pause and all reads; for a second and a half.
 *
 * What keeps queues going is not in the table, because it tries again after every answer: take, renew, recover, promote, listen,
 * and how a run ended, for a finished job must not run again for what an operator can repair. Nor is close, which waits for no answer.
 */
const TRIED_AGAIN = {
  add: ['lost', 'passing'],
  ask: ['passing'],
} as const satisfies Record<string, readonly ReplyMeaning[]>;

/** Whether a call is tried again after this error. */
export function isTriedAgain(call: CallKind, error: unknown): boolean {
  const after: readonly ReplyMeaning[] = TRIED_AGAIN[call];
  return after.includes(meaningOf(error));
}
