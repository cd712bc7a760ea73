import type { StoredSeal, TextPass, TextReport } from '../jobs/sealing/stored-texts.js';
import { resealAll } from './resealed-queue.js';
import type { ResealReport } from './resealed-queue.js';

const SEAL: StoredSeal = {
  renewKeys: () => Promise.resolve(),
  reseal: () => Promise.resolve({ replacements: [], isLeft: false }),
  missingRingKeys: () => Promise.reject(new Error('Nobody asks.')),
};

/** Reseals a queue on whose passes these are the reports; the last one is that of all that follow. */
async function resealedIn(
  ...reports: readonly [replaced: number, left: number][]
): Promise<ResealReport & { directions: string }> {
  const passes: TextPass[] = [];
  const replace = (_: unknown, pass: TextPass): Promise<TextReport> => {
    const [replaced = 0, left = 0] = reports[passes.length] ?? reports.at(-1) ?? [];
    passes.push(pass);
    return Promise.resolve({ replaced, left });
  };
  const report = await resealAll({ seal: SEAL, replace });
  return { ...report, directions: passes.map(({ isBackward }) => (isBackward ? '<' : '>')).join('') };
}

describe('resealAll', () => {
  it('looks in both directions before it says that nothing is left', async () => {
    expect(await resealedIn([0, 0])).toEqual({ resealed: 0, left: 0, directions: '><' });
    expect(await resealedIn([7, 0], [0, 0])).toEqual({ resealed: 7, left: 0, directions: '><' });
    expect(await resealedIn([0, 0], [1, 0], [0, 0])).toEqual({ resealed: 1, left: 0, directions: '><>' });
  });

  it('counts what one of the last two passes could not seal anew, for the other may have missed it', async () => {
    expect(await resealedIn([3, 1], [0, 0])).toEqual({ resealed: 3, left: 1, directions: '><' });
    expect(await resealedIn([3, 0], [0, 2])).toEqual({ resealed: 3, left: 2, directions: '><' });
    expect(await resealedIn([3, 1], [1, 0], [0, 0])).toEqual({ resealed: 4, left: 0, directions: '><>' });
  });

  it('never says that nothing is left while each pass finds some', async () => {
    expect(await resealedIn([2, 0])).toEqual({ resealed: 10, left: 2, directions: '><><>' });
    expect(await resealedIn([2, 3])).toEqual({ resealed: 10, left: 5, directions: '><><>' });
  });
});
