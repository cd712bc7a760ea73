/**
 * The candidate that a mistyped word most likely stands for, or undefined when none is near.
 * Near: at most a third of the word's letters differ (at least one may), case aside; swapped neighbours count once.
 * @param maxDistance most letters that may differ, where a third is too generous
 */
export function closestTo(
  word: string,
  candidates: Iterable<string>,
  maxDistance = Number.POSITIVE_INFINITY,
): string | undefined {
  const lower = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(maxDistance, Math.max(1, Math.floor(lower.length / 3))) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "priority"?` (with the leading space), or an empty text when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const closest = closestTo(word, candidates);
  return closest === undefined ? '' : ` Did you mean "${closest}"?`;
}

/** Optimal string alignment: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
