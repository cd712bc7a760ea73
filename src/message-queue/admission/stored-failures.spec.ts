import type { FailureRecord, ManagedJobRecord } from '../jobs/managed-job.js';
import { packedFailures, packedRecord, unpackedRecord } from './stored-failures.js';

const failure = (attempt: number, over: Partial<FailureRecord> = {}): FailureRecord => ({
  ...{ at: 1_764_000_000_000 + attempt, attempt, kind: 'error', error: 'TypeError', message: 'no route' },
  ...over,
});

const throughJson = (record: ManagedJobRecord): ManagedJobRecord =>
  unpackedRecord(JSON.parse(JSON.stringify(packedRecord(record))) as ManagedJobRecord);

describe('stored failures', () => {
  it.each<[what: string, failures: readonly FailureRecord[]]>([
    ['none', []],
    ['attempts with one reason', [1, 2, 3, 4, 5].map((n) => failure(n))],
    ['other messages', [failure(1), failure(2, { message: 'refused' }), failure(3, { error: 'Error' })]],
    ['other kinds', [failure(1), failure(2, { kind: 'timeout' }), failure(3, { kind: 'cancelled' })]],
    ['crashes of one attempt', [failure(1, { kind: 'crash' }), failure(1, { kind: 'crash' }), failure(1)]],
    ['attempts that began again', [failure(4), failure(5), failure(1), failure(2)]],
    ['a sealed text', [failure(1), failure(2, { message: 'other', sealed: 'AgAA' })]],
    ['a sealed text of the same reason', [failure(1), failure(2, { sealed: 'AgAA' }), failure(3)]],
  ])('come back as they were: %s', (_what, failures) => {
    const record = { correlationId: 'c', failures };
    expect(throughJson(record)).toEqual(record);
  });

  it('take little room when they have one reason', () => {
    const stored = JSON.stringify(packedFailures([1, 2, 3, 4, 5].map((n) => failure(n))));
    expect(stored.length).toBeLessThan(110);
  });

  it('may be those of a version before, whose failures are objects', () => {
    const failures = [failure(1), { ...failure(2), stack: 'at x' }];
    expect(unpackedRecord({ failures })).toEqual({ failures });
    const mixed = [...packedFailures([failure(1)]), failure(2)] as FailureRecord[];
    expect(unpackedRecord({ failures: mixed }).failures).toEqual([failure(1), failure(2)]);
  });

  it.each([
    [null],
    ['text'],
    [7],
    [{}],
    [[null, 'x', {}, [], [1], [1, 1, 9, 'e', 'm'], ['1', 1, 0, 'e', 'm'], 5]],
  ])('leave out what is none: %j', (failures) => {
    expect(unpackedRecord({ failures } as unknown as ManagedJobRecord)).toEqual({ failures: [] });
  });
});
