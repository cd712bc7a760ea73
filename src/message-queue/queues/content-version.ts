/** Above every time that a payload may hold (they end with the year 9999), and with one of them below 2^53: a whole number in every store. */
const EDIT_RANK = 2 ** 48;

/**
 * The version of a message's content, which stores compare: a higher one wins, whatever comes first. An edit outranks the original whatever
 * their times, since the clocks that made them may differ; edits are ordered by their times.
 * @param at when the content was written, or edited
 */
export function contentVersion(at: Date, isEdit: boolean): number {
  return at.getTime() + (isEdit ? EDIT_RANK : 0);
}
