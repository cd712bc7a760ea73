import assert from 'node:assert/strict';
import type { SearchIndex } from '../../../ports/search-index.js';
import type { ContractTest } from '../contract-runner.js';
import { never } from '../contract-values.js';
import { aDocument, found } from './search-documents.js';

/** Which messages a SearchIndex finds by what people type. */
export function declareFinding(test: ContractTest<SearchIndex>): void {
  declareWords(test);
  declareUserText(test);
}

function declareWords(test: ContractTest<SearchIndex>): void {
  test('finds messages that hold every word, in any order', async (index) => {
    await index.indexMany(
      [
        aDocument('m1', 'The train leaves at noon'),
        aDocument('m2', 'The train is late'),
        aDocument('m3', 'noon'),
      ],
      never(),
    );
    assert.deepEqual(await found(index, 'noon train'), ['m1']);
    assert.deepEqual(await found(index, 'train'), ['m1', 'm2']);
  });

  test('takes the last word as a beginning, the others as they are', async (index) => {
    await index.indexMany(
      [aDocument('m1', 'morning coffee'), aDocument('m2', 'coffee in the morning')],
      never(),
    );
    assert.deepEqual(await found(index, 'coffee morn'), ['m1', 'm2']);
    assert.deepEqual(await found(index, 'morn coffee'), []);
    assert.deepEqual(await found(index, 'offee'), []);
  });

  test('does not mind case and accents', async (index) => {
    await index.indexMany([aDocument('m1', 'Café in MÜNCHEN'), aDocument('m2', 'Привет, мир')], never());
    assert.deepEqual(await found(index, 'cafe munchen'), ['m1']);
    assert.deepEqual(await found(index, 'CAFÉ münchen'), ['m1']);
    assert.deepEqual(await found(index, 'привет'), ['m2']);
  });

  test('finds the beginning of a text without blanks', async (index) => {
    await index.indexMany([aDocument('m1', '東京駅で会いましょう'), aDocument('m2', '大阪')], never());
    assert.deepEqual(await found(index, '東京'), ['m1']);
  });

  test('holds words longer than any dictionary has', async (index) => {
    const long = 'x'.repeat(5_000);
    await index.indexMany([aDocument('m1', `before ${long} after`), aDocument('m2', 'short')], never());
    assert.deepEqual(await found(index, 'before after'), ['m1']);
    assert.deepEqual(await found(index, long), ['m1']);
  });
}

/** What users type that some query language takes for its own. */
const QUERIES = [
  ...[
    '"',
    '"train',
    "train'",
    'train*',
    '*',
    'train AND NOT x',
    'NEAR(train noon)',
    'train OR',
    '-train',
    '^train',
  ],
  ...[
    'content:train',
    'train:*',
    '(train',
    'train)',
    'train & | ! <->',
    '{train}',
    'tra\\in',
    '\\',
    "';--",
    '%',
    '_',
  ],
  ...[
    'train~2',
    '/train/',
    '[train TO noon]',
    'train +',
    '\u0000train',
    '\uD800',
    '\uFDFA',
    '¼',
    '⑴',
    '   ',
    '',
  ],
];

function declareUserText(test: ContractTest<SearchIndex>): void {
  test('takes query syntax as text', async (index) => {
    await index.indexMany([aDocument('m1', 'The train leaves at noon')], never());
    for (const text of QUERIES) assert.ok(Array.isArray((await index.search(text)).items), text);
    for (const text of ['"train"', 'train*', '-train', '(train)', '^train!', "train'"]) {
      assert.deepEqual(await found(index, text), ['m1'], text);
    }
    for (const text of [
      'train OR banana',
      'train | banana',
      'train NOT banana',
      'banana*',
      'content:train',
    ]) {
      assert.deepEqual(await found(index, text), [], text);
    }
  });

  test('finds nothing by a text without a word', async (index) => {
    await index.indexMany([aDocument('m1', 'The train! * % "')], never());
    for (const text of ['', '  ', '*', '"', '%', '!', '"" *'])
      assert.deepEqual(await found(index, text), [], text);
  });
}
