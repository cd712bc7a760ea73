import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextTally } from '../../../jobs/sealing/stored-texts.js';
import type { StoredTexts, TextReader } from '../../../jobs/sealing/stored-texts.js';
import { SpoolFile } from './spool-file.js';
import { replaceSpooledTexts } from './spooled-texts.js';
import type { SpooledJob } from './spooled-job.js';

const [BASE, OLD, NEW] = ['b:', 'T0xE', 'TkVX'];

function spooled(id: string, record: string, base = BASE): SpooledJob {
  return { base, id, at: 1, bytes: 2, onceKey: null, fingerprint: null, record };
}

const recordWith = (text: string): string =>
  JSON.stringify({ name: 'ship', json: JSON.stringify({ n: 1, 'mq:sealed': text }), options: {} });

describe('sealed texts of spooled jobs', () => {
  let directory: string;
  let file: SpoolFile;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mq-spooled-texts-'));
    file = SpoolFile.open(join(directory, 'spool-1.db'), false) as SpoolFile;
  });
  afterEach(() => {
    file.close();
    rmSync(directory, { recursive: true });
  });

  const read: TextReader = ({ data }: StoredTexts) =>
    Promise.resolve({
      replacements: data === null ? [] : [{ field: 'data', was: OLD, is: NEW }],
      isLeft: false,
    });

  const most = { jobs: 1_000, bytes: 1_000_000 };
  const stored = (base: string): SpooledJob[] => file.first(base, most).map(({ place: _, ...job }) => job);

  it('are replaced, of jobs that wait and of those that were set aside, and nothing else is', async () => {
    const jobs = Array.from({ length: 250 }, (_, n) => spooled(`m_${n}`, recordWith(OLD)));
    const aside = spooled('aside', recordWith(OLD));
    const others = [spooled('other', recordWith(OLD), 'o:'), spooled('damaged', `{"${OLD}`)];
    file.write([...jobs, aside, ...others]);
    const odd = file.first(BASE, most).filter(({ id }) => id === aside.id);
    file.settle(
      [],
      odd.map((job) => ({ job, code: 'ODD', message: 'It is odd.' })),
    );
    const tally = new TextTally();
    await replaceSpooledTexts(file, BASE, read, tally);
    expect(tally).toEqual({ replaced: 251, left: 0 });
    file.takeBack();
    expect(stored(BASE)).toEqual([
      ...jobs.map((job) => ({ ...job, record: recordWith(NEW) })),
      spooled('damaged', `{"${OLD}`),
      { ...aside, record: recordWith(NEW) },
    ]);
    expect(stored('o:')).toEqual(others.slice(0, 1));
  });

  it('are as they are now when their job is set aside, whatever was read before', async () => {
    file.write([spooled('a', recordWith(OLD))]);
    const [job] = file.first(BASE, most);
    await replaceSpooledTexts(file, BASE, read, new TextTally());
    file.settle([], job === undefined ? [] : [{ job, code: 'ODD', message: 'It is odd.' }]);
    file.takeBack();
    expect(stored(BASE)).toEqual([spooled('a', recordWith(NEW))]);
  });

  it('are left where the job went to Redis meanwhile', async () => {
    file.write([spooled('a', recordWith(OLD))]);
    const tally = new TextTally();
    await replaceSpooledTexts(
      file,
      BASE,
      (texts) => {
        file.settle(file.first(BASE, most), []);
        return read(texts);
      },
      tally,
    );
    expect(tally).toEqual({ replaced: 0, left: 1 });
  });
});
