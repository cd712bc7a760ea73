import { errorTextOf, errorWith, withoutText } from '../../../kernel/logging/error-text.js';
import type { ContentLeaves } from './content-leaves.js';
import { CONTENT_MARK, scrub } from './scrubber.js';

const NOT_JSON = 'not valid JSON';
/** What `JSON.parse` says in Node and in browsers, with what it quotes of the text. */
const JSON_COMPLAINT =
  /\b(?:Unexpected|Expected|Unterminated|Bad|No|Exponent|Duplicate|Invalid|Missing)\b[^]{0,300}?(?:is not valid JSON|(?:in|after) JSON(?: at position \d+)?(?: \(line \d+ column \d+\))?|of JSON input|JSON input)/g;

/**
 * An error of the same class whose message and frames quote nothing of a payload, without a cause and whatever else the first one carries.
 * An error of `JSON.parse` becomes "not valid JSON", because it quotes what it read.
 */
export function scrubbedError(error: Error, content: ContentLeaves): Error {
  const { name, code, message, frames } = errorTextOf(error);
  const texts = [name, String(code ?? ''), withoutQuotedJson(error, message), frames];
  const scrubbed = scrub(texts, content);
  if (scrubbed === null) return withoutText(error);
  const [told = '', toldCode = '', toldMessage = '', toldFrames = ''] = scrubbed;
  return errorWith(error, {
    name: told.includes(CONTENT_MARK) ? 'Error' : name,
    code: toldCode.includes(CONTENT_MARK) ? undefined : code,
    message: toldMessage,
    frames: toldFrames,
  });
}

function withoutQuotedJson(error: Error, message: string): string {
  if (error.name === 'SyntaxError' && message.includes('JSON')) return NOT_JSON;
  return message.replace(JSON_COMPLAINT, NOT_JSON);
}
