import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddCall } from '../process/add-order.js';
import { AddBook } from './add-book.js';
import { FaultRecord } from './fault-record.js';
import { brokenPromises, LONGEST_ADD_MS } from './fault-row.js';
import { judge } from './judge.js';
import type { Evidence } from './judge.js';
import type { StoredJob } from './stored-jobs.js';

const directory = mkdtempSync(join(tmpdir(), 'mq-judge-'));
const ACKNOWLEDGED: AddCall = { outcome: 'acknowledged', told: 'id', ms: 3 };
const STORED: StoredJob = {
  ...{ id: 'id', key: 'a', state: 'completed', crashes: 0, endedBy: '1.1', description: 'a (work)' },
};
const RAN = ['start a id 1.1 1 5', 'done a id 1.1 1 6'];

interface Story {
  readonly calls?: readonly AddCall[];
  readonly record?: readonly string[];
  readonly stored?: readonly StoredJob[];
  readonly rest?: Partial<Evidence>;
  /** When Redis lost what it had. */
  readonly emptied?: 'before the add' | 'after it';
}

/** What is held against a story; without changes it is that of a job that was added, ran and is stored. */
function complaints({
  calls = [ACKNOWLEDGED],
  record = RAN,
  stored = [STORED],
  rest,
  emptied,
}: Story = {}): string[] {
  const file = join(directory, 'record');
  writeFileSync(file, record.map((text) => `${text}\n`).join(''));
  const adds = new AddBook();
  const data = { key: 'a', sleepMs: 1 };
  if (emptied === 'before the add') adds.forget();
  adds.order('a');
  adds.note({ kind: 'add', number: 1, name: 'work', mode: 'keyed', data }, calls);
  if (emptied === 'after it') adds.forget();
  const read = new FaultRecord(file);
  const row = judge({
    ...{ fault: 'a story', adds, record: read.refresh(), stored, wrongExits: [], secondsToRecover: 0 },
    effects: new Map([
      ['a', 1],
      ['a>', 1],
    ]),
    ...{ maxCrashes: 3, keepsCompleted: true },
    ...rest,
  });
  read.close();
  return brokenPromises(row, { mayFinishTwice: 0 });
}

describe('the judgement of a fault', () => {
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has nothing against a job that was added, ran once and is stored', () => {
    expect(complaints()).toEqual([]);
  });

  it('has nothing against a job that is gone with what Redis had, and misses one that came later', () => {
    const nowhere = { record: [], stored: [], rest: { effects: new Map() } };
    expect(complaints({ ...nowhere, emptied: 'after it' })).toEqual(['no job was acknowledged']);
    expect(complaints({ record: [...RAN, ...RAN], emptied: 'after it' })).toEqual([
      'no job was acknowledged',
    ]);
    expect(complaints({ ...nowhere, emptied: 'before the add' })).toEqual([
      '1 acknowledged jobs are lost: a',
    ]);
  });

  const refused: AddCall = { outcome: 'refused', told: 'BrokerUnavailableError: …', ms: 1 };
  const once = new Map([['a', 1]]);
  const dead: StoredJob = { ...STORED, state: 'failed' };
  it.each<[string, Story, RegExp]>([
    ['an acknowledged job that is nowhere', { record: [], stored: [] }, /1 acknowledged jobs are lost: a$/],
    ['nothing that was acknowledged', { calls: [refused], record: [], stored: [] }, /no job was ack/],
    [
      'a job that was certainly not added, and ran',
      { calls: [refused] },
      /a was certainly not added, and ran/,
    ],
    [
      'two jobs for one key',
      { calls: [ACKNOWLEDGED, { ...ACKNOWLEDGED, told: 'other' }] },
      /the adds of a were told different jobs/,
    ],
    ['two jobs that ran for one key', { record: [...RAN, 'start a x 1.2 1 7'] }, /more than one job/],
    [
      'a job that ran under another id than was told',
      { calls: [{ ...ACKNOWLEDGED, told: 'other' }] },
      /under an id that nobody was told/,
    ],
    ['a raw error', { calls: [ACKNOWLEDGED, { ...refused, outcome: 'untyped' }] }, /an add was told Broker/],
    ['an add that hangs', { calls: [{ ...ACKNOWLEDGED, ms: LONGEST_ADD_MS + 1 }] }, /an add took 6001 ms/],
    ['an end by a run that had lost the job', { stored: [{ ...STORED, endedBy: '0.9' }] }, /had lost it/],
    ['an end that is not stored', { stored: [] }, /a finished, and its end is not stored/],
    ['a crash that nobody saw', { stored: [{ ...STORED, crashes: 1 }] }, /1 crashes are told of jobs/],
    [
      'a crash that nobody noticed',
      { record: ['start a id 1.1 1 5', 'crash a id 1.1 1 6', 'start a id 2.1 1 7', 'done a id 2.1 1 8'] },
      /a killed its worker 1 times, and 0 crashes are told of it/,
    ],
    ['a dead letter that should not be', { stored: [dead] }, /wrongly a dead letter.*a \(work\)/],
    ['an effect that is missing', { rest: { effects: once } }, /1 effects under a key are missing/],
    ['an effect that happened twice', { rest: { effects: new Map([...once, ['a>', 2]]) } }, /happened twice/],
    ['a process that exited', { rest: { wrongExits: ['a worker exited with 1'] } }, /exited with 1/],
    ['a run without cause', { record: [...RAN, 'start a id 2.1 1 7'] }, /a ran again without cause/],
    ['a job that finished twice', { record: [...RAN, 'done a id 1.1 1 7'] }, /1 jobs finished twice, 0 may/],
  ])('sees %s', (_what, story, complaint) => {
    expect(complaints(story).join('\n')).toMatch(complaint);
  });
});
