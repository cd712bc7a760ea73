import { textParam, wholeParam, withDefault } from '../shape.js';

/** How many. */
export const LIMIT = withDefault(wholeParam('How many at most.', 1, 200), 50);
/** Where to go on. */
export const CURSOR = textParam(
  'The `cursor` of an answer to the same question, to go on from there.',
  12_000,
);
