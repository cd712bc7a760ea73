const LONGEST = 128;
const PLAIN_ID = /^[\w.:@-]+$/;
const ID = /^[^\s\p{C}]+$/u;

/** What an id of a host's must be, after "must be an id". */
export const ID_RULE = `of 1 to ${LONGEST} characters without spaces and control characters`;

/** Whether a value is an id of a host's: of a person, a conversation, a message, a job's payload. */
export function isId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= LONGEST &&
    // Most ids are plain; the rule for all scripts costs ten times as much.
    (PLAIN_ID.test(value) || ID.test(value))
  );
}
