/** GSM 03.38's default alphabet, and the extension table whose characters count twice (3GPP TS 23.038, 6.2.1). */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';
const SEPTETS = new Map<string, number>([
  ...BASIC.split('').map((character) => [character, 1] as const),
  ...EXTENSION.split('').map((character) => [character, 2] as const),
]);

/** How many units one SMS takes, and each part of a longer one, which has a header. */
const GSM = { one: 160, part: 153 };
const UCS2 = { one: 70, part: 67 };

/** Whether a text needs nothing but GSM's alphabet, in which an SMS holds more than twice as much. */
export function isGsm(text: string): boolean {
  return text.split('').every((character) => SEPTETS.has(character));
}

/**
 * How many SMS a text becomes: 160 units, or 153 for each of several, in GSM's alphabet; 70 or 67 UTF-16 units in any other. What takes two units
 * (an extended character, a surrogate pair) is never divided between two parts.
 */
export function segmentsOf(text: string): number {
  const isShort = isGsm(text);
  const { one, part } = isShort ? GSM : UCS2;
  const sizes = isShort
    ? text.split('').map((character) => SEPTETS.get(character) ?? 1)
    : Array.from(text, (character) => character.length);
  if (sizes.reduce((sum, size) => sum + size, 0) <= one) return text === '' ? 0 : 1;
  let [segments, left] = [0, 0];
  for (const size of sizes) {
    if (size > left) [segments, left] = [segments + 1, part];
    left -= size;
  }
  return segments;
}
