import { leavesOf, MOST_CONTENT, MOST_NODES } from './content-leaves.js';

describe('leavesOf', () => {
  const found = (payload: unknown, readable: readonly string[] = []): unknown => {
    const leaves = leavesOf([payload], new Set(readable));
    return leaves === null ? null : [...leaves.texts, ...leaves.numbers];
  };

  it('finds every text and every number of four digits and more, in lists and objects too', () => {
    const payload = { a: 'x', b: [{ c: 'y', d: 1234, e: 999, f: -0.5678 }], g: true, h: null };
    expect(found(payload)).toEqual(expect.arrayContaining(['x', 'y', '1234', '-0.5678']));
    expect(found(payload)).toHaveLength(4);
    expect(found('all of it')).toEqual(['all of it']);
    expect(found(new Map([['key', new Set(['inner'])]]))).toEqual(expect.arrayContaining(['key', 'inner']));
  });

  it('leaves out the fields that are declared readable, of the payload itself only', () => {
    expect(found({ id: 'm1', inner: { id: 'secret' } }, ['id'])).toEqual(['secret']);
  });

  it('takes names of fields that no programmer gave for content', () => {
    const key = 'grace@example.org';
    expect(found({ [key]: 1, plain: 2, 'with-dash': 3, [`x${'y'.repeat(40)}`]: 4 })).toEqual([
      key,
      `x${'y'.repeat(40)}`,
    ]);
  });

  it('looks at a text once, also when payloads share it', () => {
    expect(
      leavesOf([{ a: 'x'.repeat(MOST_CONTENT) }, { a: 'x'.repeat(MOST_CONTENT) }], new Set()),
    ).not.toBeNull();
  });

  it.each<[string, unknown]>([
    ['more than 256 Ki characters', { a: 'x'.repeat(MOST_CONTENT), b: 'y' }],
    ['more than 20 000 values', Array.from({ length: MOST_NODES + 1 }, () => 1)],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('gives up on %s', (_what, payload) => {
    expect(found(payload)).toBeNull();
  });

  it('survives circles', () => {
    const circle: Record<string, unknown> = { a: 'x' };
    circle['self'] = circle;
    expect(found(circle)).toEqual(['x']);
  });
});
