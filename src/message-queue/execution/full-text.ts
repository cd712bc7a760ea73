import { boundedJson, boundedText } from '../../kernel/values/bounded-text.js';
import { readProperty } from '../../kernel/logging/error-text.js';
import type { Run } from './run.js';

/** Of the full text as JSON, bytes: sealed, it takes a third more, and with what the seal adds 2 kB at most. */
const FULL_TEXT_BYTES = 1_480;
/** An error and what caused it, how deep. */
const MOST_ERRORS = 5;

/**
 * What an error of a sealed queue says and everybody else is not told: its message and those of its causes, sealed as the payload is.
 * @returns undefined where nothing is sealed: the queue is not, the run did not come to its payload, or it was one of many that failed
 *   together, whose error may quote what is sealed with the keys of others
 */
export function sealedText(run: Run, error: Error): string | undefined {
  const { members = [], failures } = run.within ?? {};
  if (members.length > 1 && failures?.get(run) !== error) return undefined;
  const sealer = run.opened?.sealer;
  return sealer?.seal('failure', JSON.stringify(boundedJson(fullText(error), FULL_TEXT_BYTES)));
}

function fullText(error: Error): string {
  const texts: string[] = [];
  let one: unknown = error;
  for (let text = textOf(one); text !== undefined && texts.length < MOST_ERRORS; text = textOf(one)) {
    texts.push(text);
    one = readProperty(one, 'cause');
  }
  return texts.join('\nCaused by ');
}

function textOf(error: unknown): string | undefined {
  if (typeof error === 'string') return boundedText(error);
  const [name, message] = [readProperty(error, 'name'), readProperty(error, 'message')];
  if (typeof message !== 'string') return undefined;
  return typeof name === 'string'
    ? `${boundedText(name, 100)}: ${boundedText(message)}`
    : boundedText(message);
}
