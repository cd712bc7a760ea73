/** Above every original: with a time of before the year 2109, and its claim, an edit stays a whole number below 2^53 in every store. */
const EDIT_RANK = 2 ** 52;
const LATEST_MS = 2 ** 42 - 2;
/** Of each millisecond: how far beyond it a time was claimed. */
const CLAIMS = 1_024;

/**
 * The version of a message's content, which stores compare: a higher one wins, whatever comes first. An edit outranks the original whatever
 * their times, since the clocks that made them may differ. Edits are ordered by their times, which count no further than when the server
 * received them; of those that count alike, since all claim the future, the one that claims the most wins (to about 4 %).
 * @param claimed when the content was written, or edited
 * @param receivedAt when the server heard of it: when its job was added
 */
export function contentVersion(claimed: Date | string, receivedAt: Date, isEdit: boolean): number {
  const claimedMs = new Date(claimed).getTime();
  const at = Math.min(claimedMs, receivedAt.getTime(), LATEST_MS);
  return (isEdit ? EDIT_RANK : 0) + at * CLAIMS + claimRank(claimedMs - at);
}

/** Greater for times further ahead: 0 for none, below {@link CLAIMS} for thousands of years. */
function claimRank(aheadMs: number): number {
  return Math.min(CLAIMS - 1, Math.floor(Math.log2(1 + aheadMs) * 20));
}
