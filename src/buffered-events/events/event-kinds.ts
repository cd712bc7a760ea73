import { Issues } from '../../kernel/values/issues.js';
import { kind, problemWith, Refusal } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { code, id, isRecord, oneOf, record } from '../../kernel/values/kinds.js';
import { ILL_FORMED, isWellFormed } from '../../kernel/values/well-formed.js';
import { kindOf } from '../../kernel/values/words.js';

const LONGEST_NAME = 255;
const CONTROLS = /\p{Cc}/u;

/** The name of an event's type. An asterisk is refused, since whoever writes one expects a wildcard. */
export const EVENT_TYPE: Kind<string> = kind(
  `a string of 1 to ${LONGEST_NAME} characters, not blank, without control characters`,
  (value) => {
    if (
      typeof value !== 'string' ||
      value.trim() === '' ||
      value.length > LONGEST_NAME ||
      CONTROLS.test(value)
    )
      return new Refusal();
    if (value.includes('*')) return new Refusal('there are no wildcards: name each type');
    return isWellFormed(value) ? value : new Refusal(ILL_FORMED);
  },
  { show: kindOf },
);

/** What ties events to what caused them. */
const CORRELATION_ID = id(LONGEST_NAME);

const EVENT_PRIORITY = oneOf('critical', 'normal', 'low');

const OPTIONS = record();
const HANDLER = kind('an object with a method handle(event, context)', (value) =>
  isRecord(value) && typeof value.handle === 'function' ? value : new Refusal(),
);
const EVENT = kind(
  'an object with a type and a payload, such as new UserRegisteredEvent(…)',
  (value) => (isRecord(value) && 'type' in value && 'payload' in value ? value : new Refusal()),
  { show: kindOf },
);
const PREDICATE = code('a function that takes a dead letter');

/** @throws TypeError unless it is the name of a type. @param call as messages name it: `emitEvent()` */
export function checkEventType(call: string, type: unknown): void {
  checkArgument(call, 'type', type, EVENT_TYPE);
}

/** @throws TypeError unless it is an object that handles events */
export function checkEventHandler(call: string, handler: unknown): void {
  checkArgument(call, 'handler', handler, HANDLER);
}

/** @throws TypeError unless it is an event as a class of the host's makes them */
export function checkIEvent(call: string, event: unknown): void {
  checkArgument(call, 'event', event, EVENT);
}

/** @throws TypeError unless it is nothing, or a function that picks dead letters */
export function checkPredicate(call: string, predicate: unknown): void {
  if (predicate !== undefined) checkArgument(call, 'which', predicate, PREDICATE);
}

/** @throws TypeError naming every option that is wrong or does not exist */
export function checkEventOptions(call: string, options: unknown): void {
  if (options === undefined) return;
  const issues = new Issues();
  if (issues.check('options', options, OPTIONS)) {
    issues.knownKeys('', options, ['priority', 'correlationId']);
    issues.checkGiven('priority', options.priority, EVENT_PRIORITY);
    issues.checkGiven('correlationId', options.correlationId, CORRELATION_ID);
  }
  if (issues.list.length === 0) return;
  throw new TypeError(`${call}: ${issues.list.map(({ path, message }) => `${path} ${message}`).join('; ')}`);
}

/** @throws TypeError in the words of every wrong option */
export function checkArgument(call: string, name: string, value: unknown, of: Kind<unknown>): void {
  const problem = problemWith(value, of);
  if (problem !== undefined) throw new TypeError(`${call}: ${name} ${problem}`);
}
