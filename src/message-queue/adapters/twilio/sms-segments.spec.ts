import { isGsm, segmentsOf } from './sms-segments.js';

describe('segments of an SMS', () => {
  it.each([
    ['', 0],
    ['x', 1],
    ['x'.repeat(160), 1],
    ['x'.repeat(161), 2],
    ['x'.repeat(306), 2],
    ['x'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['€'.repeat(81), 2],
    // 153 is odd: each part holds 76 characters of two units.
    ['€'.repeat(152), 2],
    ['€'.repeat(153), 3],
    ['x'.repeat(1_600), 11],
    ['消'.repeat(70), 1],
    ['消'.repeat(71), 2],
    ['消'.repeat(134), 2],
    ['消'.repeat(135), 3],
    ['😀'.repeat(35), 1],
    ['😀'.repeat(36), 2],
    // 67 is odd: each part holds 33 pairs.
    ['😀'.repeat(66), 2],
    ['😀'.repeat(67), 3],
    [`${'x'.repeat(69)}ж`, 1],
    [`${'x'.repeat(70)}ж`, 2],
  ])('%#', (text, segments) => {
    expect(segmentsOf(text)).toBe(segments);
  });

  it('knows the alphabet of GSM by what it is, not by Latin', () => {
    expect(isGsm('Grüße @ Ω 10 € [x] {y} ~ ^ | \\ Ñ à Ç é ¿ §\r\n')).toBe(true);
    for (const other of ['ç', 'á', '`', 'ő', '“', '’', '–', '…', '\t', '\u00a0', 'ж', '😀', '\0'])
      expect(isGsm(`x${other}`)).toBe(false);
  });
});
