/** JSON text of a value; undefined for what JSON has no text for (undefined, functions). @throws TypeError if circular */
export function jsonText(value: unknown): string | undefined {
  return JSON.stringify(value);
}
