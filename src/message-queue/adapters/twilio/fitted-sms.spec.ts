import { fittedSms, smsTextOf } from './fitted-sms.js';
import type { SmsLimits } from './fitted-sms.js';
import { isGsm, segmentsOf } from './sms-segments.js';

const REFUSE: SmsLimits = { overlong: 'refuse' };
const SHORTEN: SmsLimits = { overlong: 'shorten' };
const textOf = (title: string, body: string, limits: SmsLimits): string => {
  const { draft, issues } = fittedSms({ title, body }, limits);
  expect(issues).toEqual([]);
  return smsTextOf(draft);
};

describe('an SMS as Twilio takes it', () => {
  it.each([
    ['T', 'M', 'T\nM'],
    ['', 'M', 'M'],
    [' ', 'M', 'M'],
    ['T', '', 'T'],
    ['T', '\n', 'T'],
    ['T', 'x'.repeat(1_598), `T\n${'x'.repeat(1_598)}`],
    ['', '消'.repeat(1_600), '消'.repeat(1_600)],
  ])('is as it was written: %#', (title, body, text) => {
    for (const limits of [REFUSE, SHORTEN]) expect(textOf(title, body, limits)).toBe(text);
  });

  it.each([
    ['T', 'x'.repeat(1_599), {}, 'message'],
    ['', '消'.repeat(1_601), {}, 'message'],
    ['T', 'x'.repeat(159), { maxSegments: 1 }, 'message'],
    ['', 'x'.repeat(69) + 'жx', { maxSegments: 1 }, 'message'],
    ['', '€'.repeat(81), { maxSegments: 1 }, 'message'],
    ['ж'.repeat(71), 'x', { maxSegments: 1 }, 'title'],
    ['', '', {}, 'message'],
    [' ', '\t\n', {}, 'message'],
  ])('is refused by its field: %#', (title, body, more, path) => {
    const { draft, issues } = fittedSms({ title, body }, { ...REFUSE, ...more });
    expect(draft).toEqual({ title, body });
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(issues[0]?.message).not.toMatch(/xx|ж/);
  });

  it.each(['x', '€', 'ж', '消', '😀', '👩‍👩‍👧‍👦', 'e\u0301', '🇩🇪', 'x消'])(
    'is shortened between characters, in its alphabet, and to what fits: %j',
    (character) => {
      for (const maxSegments of [undefined, 1, 2, 3, 10]) {
        const body = character.repeat(900);
        const limits = { ...SHORTEN, ...(maxSegments !== undefined && { maxSegments }) };
        const text = textOf('T', body, limits);
        if (text === `T\n${body}`) continue;
        expect(text.length).toBeLessThanOrEqual(1_600);
        expect(segmentsOf(text)).toBeLessThanOrEqual(maxSegments ?? Infinity);
        const kept = text.replace(/(?:…|\.\.\.)$/, '').slice(2);
        expect(body.startsWith(kept)).toBe(true);
        expect(
          [...new Intl.Segmenter().segment(kept)].every(({ segment }) => character.includes(segment)),
        ).toBe(true);
        expect(text.endsWith('…')).toBe(!isGsm(text));
        // One character more would not fit.
        const more = `${text.slice(0, 2 + kept.length)}${character}${isGsm(text) ? '...' : '…'}`;
        const isTooMuch = more.length > 1_600 || segmentsOf(more) > (maxSegments ?? Infinity);
        if (character !== 'x消') expect(isTooMuch).toBe(true);
      }
    },
  );

  it('keeps the longer alphabet where what needs the other one is cut off', () => {
    const text = textOf('', `${'x'.repeat(200)}ж`, { ...SHORTEN, maxSegments: 1 });
    expect(text).toBe(`${'x'.repeat(157)}...`);
  });

  it('loses of its title only what is too long without any message', () => {
    const limits = { ...SHORTEN, maxSegments: 1 };
    expect(textOf('x'.repeat(200), 'M', limits)).toBe(`${'x'.repeat(157)}...`);
    expect(textOf('Anna', 'x'.repeat(200), limits)).toBe(`Anna\n${'x'.repeat(152)}...`);
  });
});
