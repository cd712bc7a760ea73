import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

/**
 * A code block of the README, so that what is tested is what a new user reads.
 * @param language `bash`, `json` or `ts`
 * @param holding text that only this block holds
 * @throws Error when there is not exactly one
 */
export function readmeBlock(language: string, holding: string): string {
  const blocks = [...README.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, kind, text]) => kind === language && text?.includes(holding))
    .map(([, , text]) => text ?? '');
  if (blocks.length === 1) return (blocks[0] ?? '').trim();
  throw new Error(`README.md has ${blocks.length} ${language} blocks that hold ${JSON.stringify(holding)}.`);
}
