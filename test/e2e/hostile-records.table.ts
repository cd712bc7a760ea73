/** What must never appear in a log, an error or a health reason. */
export const SECRET = 'S3CRET';

/** Fields of a job's hash. */
export type Fields = Readonly<Record<string, string>>;

/** A job that anybody could have stored, and that runs. */
export const GOOD: Fields = {
  name: 'work',
  timestamp: '1764000000000',
  data: '{"n":1}',
  opts: '{"attempts":2}',
};

const ESCAPES = `wo\r\nERROR forged ${SECRET} \u001b[31mred\u001b[0m\u0000\u202e`;
const withOptions = (opts: unknown): Fields => ({ ...GOOD, opts: JSON.stringify(opts) });

/** Records that no worker can run: each becomes one dead letter that says what is wrong. */
export const HOSTILE: Readonly<Record<string, readonly [fields: Fields, reason: RegExp]>> = {
  optionsNull: [{ ...GOOD, opts: 'null' }, /options must be a JSON object, got null/],
  optionsNumber: [{ ...GOOD, opts: '7' }, /options must be a JSON object, got a number/],
  optionsList: [{ ...GOOD, opts: `["${SECRET}"]` }, /options must be a JSON object, got a list of 1/],
  optionsText: [{ ...GOOD, opts: `"${SECRET}"` }, /options must be a JSON object, got a string/],
  optionsBroken: [{ ...GOOD, opts: `{"a":${SECRET}` }, /options are not JSON/],
  payloadBroken: [{ ...GOOD, data: `{"n":"${SECRET}` }, /payload is not JSON/],
  payloadWords: [{ ...GOOD, data: SECRET }, /payload is not JSON/],
  payloadNaN: [{ ...GOOD, data: '{"n":NaN}' }, /payload is not JSON/],
  payloadNull: [{ ...GOOD, data: 'null' }, /payload: must be an object/],
  payloadNumber: [{ ...GOOD, data: '5' }, /payload: must be an object/],
  payloadText: [{ ...GOOD, data: `"${SECRET}"` }, /payload: must be an object/],
  payloadList: [{ ...GOOD, data: '[1]' }, /payload: must be an object/],
  payloadPrototype: [{ ...GOOD, data: '{"__proto__":{"polluted":true},"n":1}' }, /__proto__/],
  payloadDeep: [{ ...GOOD, data: `{"n":${'['.repeat(20_000)}${']'.repeat(20_000)}}` }, /payload/],
  attemptsText: [withOptions({ attempts: SECRET }), /option attempts must be a number .* got a string/],
  attemptsHuge: [withOptions({ attempts: 1e300 }), /option attempts/],
  attemptsNegative: [withOptions({ attempts: -5 }), /option attempts/],
  attemptsObject: [withOptions({ attempts: { a: 1 } }), /option attempts/],
  backoffText: [withOptions({ backoff: SECRET }), /option backoff/],
  backoffNegative: [withOptions({ backoff: -1 }), /option backoff/],
  backoffHuge: [withOptions({ backoff: { type: 'fixed', delay: 1e300 } }), /option backoff/],
  backoffType: [withOptions({ backoff: { type: {}, delay: [] } }), /option backoff/],
  delayText: [withOptions({ delay: SECRET }), /option delay/],
  optionTime: [withOptions({ timestamp: {} }), /option timestamp/],
  repeatText: [withOptions({ repeat: SECRET }), /option repeat must be a schedule/],
  repeatNumber: [withOptions({ repeat: 7 }), /option repeat/],
  repeatCron: [withOptions({ repeat: { cron: SECRET } }), /option repeat/],
  repeatEvery: [withOptions({ repeat: { every: -5 } }), /option repeat/],
  repeatBoth: [withOptions({ repeat: { every: 5_000, cron: '* * * * *' } }), /option repeat/],
  recordText: [withOptions({ mq: SECRET }), /option mq must be an object/],
  recordList: [withOptions({ mq: [] }), /option mq must be an object/],
  recordCorrelation: [withOptions({ mq: { correlationId: { a: SECRET } } }), /option mq\.correlationId/],
  recordTimeout: [withOptions({ mq: { timeoutMs: -1 } }), /option mq\.timeoutMs/],
  recordTimeoutHuge: [withOptions({ mq: { timeoutMs: 1e300 } }), /option mq\.timeoutMs/],
  recordMetadata: [withOptions({ mq: { metadata: SECRET } }), /option mq\.metadata/],
  optionsDeep: [{ ...GOOD, opts: `{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}` }, /cannot be read/],
  timeText: [{ ...GOOD, timestamp: SECRET }, /timestamp must be a whole number/],
  timeNaN: [{ ...GOOD, timestamp: 'NaN' }, /timestamp/],
  timeHuge: [{ ...GOOD, timestamp: '1e308' }, /timestamp/],
  timeNegative: [{ ...GOOD, timestamp: '-5' }, /timestamp/],
  timeEmpty: [{ ...GOOD, timestamp: '' }, /timestamp/],
  timeMissing: [{ name: 'work', data: `{"n":"${SECRET}"}`, opts: '{}' }, /name or its timestamp is missing/],
  nameMissing: [{ timestamp: '1', data: '{}', opts: '{}' }, /name or its timestamp is missing/],
  nothingButJunk: [{ junk: SECRET }, /name or its timestamp is missing/],
  nameEscapes: [{ ...GOOD, name: ESCAPES }, /its name must be/],
  nameEmpty: [{ ...GOOD, name: '' }, /its name must be/],
  nameLong: [{ ...GOOD, name: 'n'.repeat(100_000) }, /its name must be/],
  madeText: [{ ...GOOD, attemptsMade: SECRET }, /attemptsMade must be a whole number/],
  madeHuge: [{ ...GOOD, attemptsMade: '9'.repeat(30) }, /attemptsMade/],
  madeNegative: [{ ...GOOD, attemptsMade: '-3' }, /attemptsMade/],
  madeInfinite: [{ ...GOOD, attemptsMade: 'Infinity' }, /attemptsMade/],
};

/** Records with something in them that does not matter: they run, once. */
export const ODD: Readonly<Record<string, Fields>> = {
  payloadMissing: { name: 'work', timestamp: '1', opts: '{}' },
  optionsMissing: { name: 'work', timestamp: '1', data: '{"n":1}' },
  optionsEmpty: { ...GOOD, opts: '' },
  optionsPrototype: { ...GOOD, opts: '{"__proto__":{"polluted":true},"attempts":2}' },
  optionsNulls: withOptions({
    attempts: null,
    backoff: null,
    repeat: null,
    mq: null,
    removeOnComplete: null,
  }),
  attemptsAsText: withOptions({ attempts: '3', delay: '5' }),
  removeText: withOptions({ removeOnComplete: { count: 'x', age: {} }, removeOnFail: 'x' }),
  removeNegative: withOptions({ removeOnComplete: -7 }),
  removeAge: withOptions({ removeOnComplete: { age: -1e300 } }),
  failuresText: withOptions({ mq: { failures: SECRET, replays: SECRET, cancelled: 7 } }),
  failuresList: withOptions({ mq: { failures: [null, 1, {}, [1, 2], [null]] } }),
  priorityText: { ...GOOD, priority: 'high' },
  priorityHuge: { ...GOOD, priority: '1e308' },
  priorityNegative: { ...GOOD, priority: '-5' },
  priorityNaN: { ...GOOD, priority: 'nan' },
  stacksBroken: { ...GOOD, stacktrace: '[broken' },
  stacksOdd: { ...GOOD, stacktrace: '[1,null,{}]' },
  stacksHuge: {
    ...GOOD,
    stacktrace: JSON.stringify(Array.from({ length: 200 }, () => 'at x\n'.repeat(2_000))),
  },
  crashesBroken: { ...GOOD, mqCrashes: '{"kind"' },
  crashesOdd: { ...GOOD, mqCrashes: 'null,5,"kind"' },
  crashesMany: { ...GOOD, mqCrashes: '"kind""kind""kind""kind""kind""kind""kind"' },
  marks: { ...GOOD, mqRun: 'a b\r\n', mqHeld: 'x', mqUnknown: 'x' },
  progressBroken: { ...GOOD, progress: '{x', returnvalue: '{x' },
  timesOdd: { ...GOOD, processedOn: 'x', retriedOn: 'z', delay: '{}', deid: '\r\n' },
  reasonHuge: { ...GOOD, failedReason: 'r'.repeat(300_000) },
  correlationEscapes: withOptions({ mq: { correlationId: ESCAPES } }),
};

/** Something else than a hash under the key of a job. */
export const OTHER_TYPES: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  string: ['set', SECRET],
  list: ['rpush', SECRET],
  set: ['sadd', SECRET],
  zset: ['zadd', '1', SECRET],
  stream: ['xadd', '*', 'a', SECRET],
};
