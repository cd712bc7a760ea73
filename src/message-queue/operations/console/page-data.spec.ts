type Format = Readonly<Record<string, (...given: readonly unknown[]) => string>>;
interface Place {
  readonly page: string;
  readonly names: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}
interface Places {
  placeOf(hash: string): Place;
  addressOf(place: Partial<Place>): string;
  linkFrom(from: Place, page: string, names?: readonly string[], query?: object): string;
  hoursOf(place: Pick<Place, 'query'>): number;
  localOf(iso: string | undefined): string;
  isoOf(local: string): string | undefined;
  safeAddress(text: unknown): string | null;
}

// The page's own modules: plain JavaScript for the browser.
const format = require('./assets/data/format.js') as Format;
const places = require('./assets/data/place.js') as Places;

const NOW = Date.UTC(2026, 10, 28, 14, 26, 8);

describe('Figures on the console', () => {
  it.each([
    [0, '0'],
    [7, '7'],
    [1214, '1 214'],
    [999_499, '999 499'],
    [999_500, '1.00 M'],
    [3_400_000, '3.40 M'],
    [45_600_000, '45.6 M'],
    [999_600_000, '1.00 G'],
    [9_007_199_254_740_991, '9 007 T'],
    [-12, '-12'],
    [null, '–'],
    [undefined, '–'],
    [NaN, '–'],
    [Infinity, '–'],
    ['12', '–'],
  ])('count %p as %s', (value, text) => {
    expect(format['count']!(value).replace(/\u202f/g, ' ')).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [0.4, '< 1 ms'],
    [84, '84 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1420, '1.42 s'],
    [9_996, '10.0 s'],
    [38_400, '38.4 s'],
    [59_960, '60 s'],
    [60_000, '1 min'],
    [90_000, '1 min 30 s'],
    [720_000, '12 min'],
    [41_640_000, '11 h 34 min'],
    [432_000_000, '5 d'],
    [-5, '0 ms'],
    [null, '–'],
  ])('say %p ms as %s', (value, text) => {
    expect(format['duration']!(value)).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.0004, '< 0.1 %'],
    [0.003, '0.3 %'],
    [0.074, '7.4 %'],
    [0.71, '71 %'],
    [0.9967, '99.7 %'],
    [1, '100 %'],
    [null, '–'],
  ])('say a share of %p as %s', (value, text) => {
    expect(format['share']!(value)).toBe(text);
  });

  it.each([
    [0, '0'],
    [0.004, '< 0.01'],
    [0.25, '0.25'],
    [4.12, '4.1'],
    [260.4, '260'],
    [null, '–'],
  ])('say a rate of %p as %s', (value, text) => {
    expect(format['rate']!(value)).toBe(text);
  });

  it('tell moments as shortly as they can be told apart', () => {
    const { moment, away, ago } = format as Required<Format>;
    expect(moment!(NOW - 60_000, NOW)).toMatch(/^\d\d:\d\d$/);
    expect(moment!(NOW - 5 * 86_400_000, NOW)).toMatch(/^2[34] Nov \d\d:\d\d$/);
    expect(moment!('2024-03-01T12:00:00.000Z', NOW)).toMatch(/^1 Mar 2024 \d\d:\d\d$/);
    expect(moment!(NOW - 7_000, NOW, true)).toMatch(/^\d\d:\d\d:01$/);
    expect(moment!(NOW - 5 * 86_400_000, NOW, true)).toMatch(/^2[34] Nov \d\d:\d\d:08$/);
    for (const broken of [null, undefined, '', 'yesterday', NaN, 1e300]) {
      expect(moment!(broken, NOW)).toBe('–');
      expect(away!(broken, NOW)).toBe('–');
      expect(ago!(broken, NOW)).toBe('–');
    }
    expect(away!(NOW + 41_640_000, NOW)).toBe('in 11 h 34 min');
    expect(away!(NOW - 42_000, NOW)).toBe('42 s ago');
    expect(away!(NOW + 3, NOW)).toBe('now');
    expect(ago!(NOW - 42_000, NOW)).toBe('42 s ago');
    expect(ago!(NOW + 1_400, NOW)).toBe('now');
  });
});

describe('Places of the console', () => {
  const there = { page: 'queues', names: ['a/b?c#d %2f {ops} ü ✓'], query: { job: 'x&y=z #1', hours: '24' } };

  it('survive the way through the address, whatever queues and jobs are called', () => {
    expect(places.placeOf(places.addressOf(there))).toEqual(there);
  });

  it('leave out what is empty', () => {
    expect(places.addressOf({ page: 'jobs', query: { q: '', id: 'm_1' } })).toBe('#/jobs?id=m_1');
    expect(places.placeOf('')).toEqual({ page: '', names: [], query: {} });
  });

  it('are read even when somebody broke the address', () => {
    expect(places.placeOf('#/queues/%E0%A4%A?hours=x')).toMatchObject({
      page: 'queues',
      names: ['%E0%A4%A'],
    });
    expect(places.hoursOf({ query: { hours: 'x' } })).toBe(6);
    expect(places.hoursOf({ query: { hours: '5000' } })).toBe(6);
  });

  it('keep the hours from page to page', () => {
    expect(places.linkFrom(there, 'workers')).toBe('#/workers?hours=24');
    expect(places.linkFrom({ ...there, query: {} }, 'dead-letters', [], { queue: 'a' })).toBe(
      '#/dead-letters?queue=a',
    );
  });

  it('have times in the zone of whoever reads, and send them as moments', () => {
    expect(places.isoOf(places.localOf('2026-11-28T13:30:00.000Z'))).toBe('2026-11-28T13:30:00.000Z');
    expect(places.localOf(undefined)).toBe('');
    expect(places.isoOf('')).toBeUndefined();
  });
});

describe('Addresses from elsewhere', () => {
  beforeAll(() => Object.assign(globalThis, { location: { href: 'https://app.example.org/admin/console' } }));
  afterAll(() => Reflect.deleteProperty(globalThis, 'location'));

  it.each(['https://example.org/runbook#a', '/docs/operations#a', '#a'])('%s may be a link', (text) => {
    expect(places.safeAddress(text)).toBe(text);
  });

  it.each([
    'javascript:alert(1)',
    ' jAvascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '',
    null,
    7,
    'http://[',
  ])('%p may not', (text) => {
    expect(places.safeAddress(text)).toBeNull();
  });
});
