import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'nestjs-message-queue';

/** The version of this package; `unknown` where its files are not where they were published, as in a bundle. */
export function packageVersion(): string {
  try {
    const text = readFileSync(join(__dirname, '../../../package.json'), 'utf8');
    const { name, version } = JSON.parse(text) as { readonly name?: unknown; readonly version?: unknown };
    return name === NAME && typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
