import { isTriedAgain, meaningOf, replyCode, replyOf } from './redis-replies.js';
import type { ReplyMeaning } from './redis-replies.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const SHA = '0884a443eadaa627a69bac3d5c78926429223588';
/** As Redis 7 and 8 and Valkey word an error inside a script. */
const inScript = (text: string): string => `${text} script: ${SHA}, on @user_script:1.`;
/** As Redis 6.2 does; its own errors begin with a dash. */
const inOldScript = (text: string): string =>
  `ERR Error running script (call to f_${SHA}): @user_script:9: @user_script: 9: ${text}`;

type Row = [text: string, code: string, meaning: ReplyMeaning];

/** As Redis 7.0 and 8.0 and Valkey 8.1 answered here, and as the source of Redis 6.2 has it. */
const TABLE: readonly Row[] = [
  ['LOADING Redis is loading the dataset in memory', 'LOADING', 'passing'],
  ['LOADING Valkey is loading the dataset in memory', 'LOADING', 'passing'],
  [
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'BUSY',
    'passing',
  ],
  [
    'BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'BUSY',
    'passing',
  ],
  ['UNBLOCKED client unblocked via CLIENT UNBLOCK', 'UNBLOCKED', 'passing'],
  [
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    'UNBLOCKED',
    'passing',
  ],
  ["READONLY You can't write against a read only replica.", 'READONLY', 'passing'],
  [inScript("READONLY You can't write against a read only replica."), 'READONLY', 'passing'],
  [inOldScript("-READONLY You can't write against a read only replica."), 'READONLY', 'passing'],
  ["ERR @user_script: 9: -READONLY You can't write against a read only replica.", 'READONLY', 'passing'],
  ['REDIRECT 10.0.0.2:6379', 'REDIRECT', 'passing'],
  [
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'MASTERDOWN',
    'passing',
  ],
  ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS', 'passing'],
  [inScript('NOREPLICAS Not enough good replicas to write.'), 'NOREPLICAS', 'passing'],
  [inOldScript('-NOREPLICAS Not enough good replicas to write.'), 'NOREPLICAS', 'passing'],
  ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN', 'passing'],
  ['CLUSTERDOWN Hash slot not served', 'CLUSTERDOWN', 'passing'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'TRYAGAIN', 'passing'],
  ['MOVED 866 10.0.0.1:6380', 'MOVED', 'passing'],
  ['ASK 866 10.0.0.1:6380', 'ASK', 'passing'],
  ['NOSCRIPT No matching script. Please use EVAL.', 'NOSCRIPT', 'passing'],
  ['NOSCRIPT No matching script.', 'NOSCRIPT', 'passing'],
  ['ERR max number of clients reached', 'MAXCLIENTS', 'passing'],
  ['ERR max number of clients + cluster connections reached', 'MAXCLIENTS', 'passing'],
  [inScript('ERR Script killed by user with SCRIPT KILL...'), 'KILLED', 'passing'],
  [
    `ERR Error running script (call to f_${SHA}): @user_script:1: Script killed by user with SCRIPT KILL...`,
    'KILLED',
    'passing',
  ],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM', 'full'],
  [inScript("OOM command not allowed when used memory > 'maxmemory'."), 'OOM', 'full'],
  [inOldScript("-OOM command not allowed when used memory > 'maxmemory'."), 'OOM', 'full'],
  [inOldScript("OOM command not allowed when used memory > 'maxmemory'."), 'OOM', 'full'],
  ['MISCONF Redis is configured to save RDB snapshots, but it is currently not able to', 'MISCONF', 'full'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'MISCONF', 'full'],
  [inOldScript('-MISCONF Errors writing to the AOF file: No space left on device'), 'MISCONF', 'full'],
  ['NOAUTH Authentication required.', 'NOAUTH', 'denied'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'WRONGPASS', 'denied'],
  ['ERR invalid password', 'WRONGPASS', 'denied'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'NOPERM', 'denied'],
  ["NOPERM User chat has no permissions to run the 'evalsha' command", 'NOPERM', 'denied'],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', 'NOPERM', 'denied'],
  ['NOPERM No permissions to access a channel', 'NOPERM', 'denied'],
  [inScript("ERR The user executing the script can't run this command or subcommand"), 'NOPERM', 'denied'],
  [
    inScript("ERR The user executing the script can't publish to the channel mentioned in the command"),
    'NOPERM',
    'denied',
  ],
  [
    inScript("ERR ACL failure in script: User default has no permissions to run the 'set' command"),
    'NOPERM',
    'denied',
  ],
  [inScript('ERR ACL failure in script: No permissions to access a channel'), 'NOPERM', 'denied'],
  [
    inOldScript(
      "The user executing the script can't access at least one of the keys mentioned in the command arguments",
    ),
    'NOPERM',
    'denied',
  ],
  ['DENIED Redis is running in protected mode because protected mode is enabled', 'DENIED', 'denied'],
  ["ERR unknown command 'EVALSHA', with args beginning with: 'a secret' ", 'UNKNOWN', 'unfit'],
  ['ERR unknown command `BLMOVE`, with args beginning with: `a secret` ', 'UNKNOWN', 'unfit'],
  ["ERR unknown subcommand 'NOPE'. Try CONFIG HELP.", 'UNKNOWN', 'unfit'],
  [inScript('ERR Unknown Redis command called from script'), 'UNKNOWN', 'unfit'],
  [inScript('ERR Unknown command called from script'), 'UNKNOWN', 'unfit'],
  [inOldScript('Unknown Redis command called from Lua script'), 'UNKNOWN', 'unfit'],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'CROSSSLOT', 'unfit'],
  [inScript('ERR Script attempted to access a non local key in a cluster node'), 'CROSSSLOT', 'unfit'],
  [inScript('ERR Script attempted to access keys that do not hash to the same slot'), 'CROSSSLOT', 'unfit'],
  ['ERR This instance has cluster support disabled', 'NOCLUSTER', 'unfit'],
  ['ERR DB index is out of range', 'DATABASE', 'unfit'],
  ['NOPROTO unsupported protocol version', 'NOPROTO', 'unfit'],
  ['ERR Protocol error: invalid multibulk length', 'PROTOCOL', 'unfit'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'WRONGTYPE', 'faulty'],
  [inScript('WRONGTYPE Operation against a key holding the wrong kind of value'), 'WRONGTYPE', 'faulty'],
  [inOldScript('WRONGTYPE Operation against a key holding the wrong kind of value'), 'WRONGTYPE', 'faulty'],
  [inScript("ERR user_script:1: attempt to index local 'x' (a nil value)"), 'ERR', 'faulty'],
  [inOldScript("user_script:3: attempt to index local 'x' (a nil value)"), 'ERR', 'faulty'],
  ["ERR wrong number of arguments for 'set' command", 'ERR', 'faulty'],
  ['ERR syntax error', 'ERR', 'faulty'],
  ['EXECABORT Transaction discarded because of previous errors.', 'EXECABORT', 'faulty'],
  ['BUSYKEY Target key name already exists.', 'BUSYKEY', 'faulty'],
  ['BUSYGROUP Consumer Group name already exists', 'BUSYGROUP', 'faulty'],
  ['NOTBUSY No scripts in execution right now.', 'NOTBUSY', 'faulty'],
  [
    'UNKILLABLE Sorry the script already executed write commands against the dataset.',
    'UNKILLABLE',
    'faulty',
  ],
];

describe('what an error reply of Redis means', () => {
  it.each(TABLE)('%s', (text, code, meaning) => {
    const error = reply(text);
    expect([replyCode(error), meaningOf(error)]).toEqual([code, meaning]);
    const { remedy, text: said } = replyOf(error)!;
    expect(remedy).toMatch(/^[A-Z].{15,}[^.]\.$/);
    expect(said).not.toMatch(/user_script:|secret|\.$|f_[0-9a-f]{40}/);
  });

  it('recognises why a new connection is refused', () => {
    const error = new Error('Ready check failed: NOAUTH Authentication required.');
    expect(replyOf(error)).toMatchObject({ code: 'NOAUTH', text: 'NOAUTH Authentication required' });
  });

  it('recognises what a transaction was refused for', () => {
    const aborted = reply('EXECABORT Transaction discarded because of previous errors.');
    const previousErrors = [reply("NOPERM User chat has no permissions to run the 'zcard' command")];
    expect(meaningOf(Object.assign(aborted, { previousErrors }))).toBe('denied');
  });

  it('takes every other error for a lost connection', () => {
    expect(meaningOf(new Error('Connection is closed.'))).toBe('lost');
    expect(replyCode(new Error('READONLY is not what this says'))).toBeNull();
  });
});

describe('what becomes of a call', () => {
  const LOST = new Error('Connection is closed.');
  const examples = {
    passing: 'BUSY',
    full: 'OOM',
    denied: 'NOPERM',
    unfit: 'CROSSSLOT',
    faulty: 'WRONGTYPE',
  };
  const after = (call: 'add' | 'end' | 'ask'): string[] => {
    const answered = Object.entries(examples).filter(([, text]) => isTriedAgain(call, reply(`${text} x`)));
    return [...(isTriedAgain(call, LOST) ? ['lost'] : []), ...answered.map(([meaning]) => meaning)];
  };

  it('tries again after what passes; the end of a run after everything but a fault', () => {
    expect({ add: after('add'), end: after('end'), ask: after('ask') }).toEqual({
      add: ['lost', 'passing'],
      end: ['lost', 'passing', 'full', 'denied', 'unfit'],
      ask: ['passing'],
    });
  });
});
