import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';

/** The seed's code blocks by number, as `seed-blocks.md` keeps them. */
const BLOCKS = [
  ...readFileSync(join(__dirname, 'seed-blocks.md'), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms),
].map(([, language = '', text = '']) => ({ language, text }));

/** What a host changes: where names come from, and what it names in turn. */
const IMPORT = /^import .*\n/gm;
const NAMING = /^export (type )?\{.*\};\n/gm;

const bare = (text: string): string => text.replaceAll(IMPORT, '').replaceAll(NAMING, '').trim();

const files = readdirSync(__dirname).filter((file) => /^\d\d-.*\.m?ts$/.test(file));

describe('the code blocks of seed 003', () => {
  it.each(
    BLOCKS.map((block, index) => [index + 1, block] as const).filter(([, b]) => b.language === 'typescript'),
  )('block %i is kept word by word, imports apart', (number, { text }) => {
    const named = files.filter((file) => file.startsWith(String(number).padStart(2, '0')));
    // A block that declares one name twice is two programs: before, and after.
    const kept = named
      .sort()
      .reverse()
      .map((file) => bare(readFileSync(join(__dirname, file), 'utf8')));
    expect(kept.join('\n\n')).toBe(bare(text));
  });

  it('run with threads, from the sources', async () => {
    await using stage = EventsProcess.start(join(__dirname, 'seed-stage.ts'), [], {
      environment: { BUFFERED_EVENTS_THREADS_MODULE: join(__dirname, 'seed-threads.module.ts') },
    });
    const { code, output } = await stage.ended();
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('seed snippets run') });
    for (const line of [
      'Processing user registration for grace@example.org',
      'User u-4 processed successfully',
      'Order o-1 processed successfully',
      'User whole processed',
      'User processing failed: Error: this user cannot be processed',
      'Queue Metrics: {',
      'Retry Stats: {',
      'System Health: {',
      'Worker Stats: {',
      'Failed Events: [',
      'High queue depth detected',
      'System unhealthy: [',
    ])
      expect(output).toContain(line);
  });
});
