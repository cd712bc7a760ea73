import { SystemClock } from '../../kernel/time/clock.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { isSealed, SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import type { PayloadSeal } from '../jobs/sealing/payload-seal.js';
import { AppCodecKeys } from './keys/app-codec-keys.js';
import type { CodecOptions } from './payload-codec.js';
import { PayloadCodec } from './payload-codec.js';
import {
  JOB,
  NoteDto,
  NOTES,
  opened,
  PAYLOAD,
  Ring,
  sealOf,
  stored,
} from '../../../test/support/queue-seal-fixture.js';
import { KeyScope } from './sealed-fields.decorators.js';

describe('A sealed payload', () => {
  it('shows what is declared readable and nothing else', async () => {
    const data = await stored(sealOf(new Ring('k-1')));
    expect(Object.keys(data)).toEqual(['noteId', 'conversationId', SEALED_FIELD]);
    expect(data).toMatchObject({ noteId: 'n-1', conversationId: 'c-1' });
    const text =
      JSON.stringify(data) + Buffer.from(data[SEALED_FIELD] as string, 'base64url').toString('latin1');
    for (const word of ['fever', 'deep', 'text']) expect(text).not.toContain(word);
  });

  it.each([
    ['all of it', PAYLOAD],
    ['nothing to hide', { noteId: 'n-1' }],
    ['nothing to show', { text: 'only this' }],
    ['nothing at all', {}],
    [
      'what JSON changes',
      { noteId: 'n', text: new Date(5), more: [undefined === null, 1e21, -0, '\ud800', '\u2028'] },
    ],
    ['names like numbers', { 2: 'b', 1: 'a', noteId: 'n' }],
  ])('opens in another process as JSON keeps it: %s', async (_what, payload) => {
    const ring = new Ring('k-1');
    const data = await stored(sealOf(ring), payload);
    const { data: back } = await opened(sealOf(ring), data);
    expect(back).toEqual(JSON.parse(JSON.stringify(payload)));
  });

  it('inherits what the class that it extends shows', async () => {
    const data = await stored(sealOf(new Ring('k-1')), { ...PAYLOAD, pages: 3 }, 'print');
    expect(Object.keys(data)).toEqual(['noteId', 'conversationId', 'pages', SEALED_FIELD]);
  });

  it('hides everything of a job that the queue does not define', async () => {
    const data = await stored(sealOf(new Ring('k-1')), PAYLOAD, 'unheard-of');
    expect(Object.keys(data)).toEqual([SEALED_FIELD]);
  });

  it.each([
    ['conversation:c-1', PAYLOAD],
    ['queue:notes', { text: 'x' }],
    ['queue:notes', { conversationId: '', text: 'x' }],
  ])('has the key of %s', (scope, payload) => {
    expect(sealOf(new Ring('k-1')).split('write', payload)?.scope).toBe(scope);
  });

  it('measures the payload as it was before', () => {
    const seal = sealOf(new Ring('k-1'));
    for (const payload of [PAYLOAD, { text: 'é' }, { noteId: 'n' }, {}]) {
      expect(seal.split('write', payload)?.bytes).toBe(Buffer.byteLength(JSON.stringify(payload)));
    }
  });

  it('is another text each time', async () => {
    const seal = sealOf(new Ring('k-1'));
    const texts = await Promise.all(Array.from({ length: 600 }, () => stored(seal)));
    expect(new Set(texts.map((data) => data[SEALED_FIELD])).size).toBe(600);
  });

  it('is said to be the same by its digest, in every process', async () => {
    const ring = new Ring('k-1');
    const [one, other] = [sealOf(ring), sealOf(ring)];
    expect(await one.digest('a')).toBe(await other.digest('a'));
    expect(await one.digest('a')).not.toBe(await one.digest('b'));
    expect(await one.digest('a')).not.toBe(await sealOf(new Ring('k-1')).digest('a'));
  });
});

describe('A sealed payload that was changed', () => {
  const ring = new Ring('k-1');
  const seal = sealOf(ring);

  it.each<[string, (data: Record<string, unknown>) => unknown]>([
    ['a readable field', (data) => ({ ...data, noteId: 'n-2' })],
    ['a readable field more', (data) => ({ ...data, text: 'hello' })],
    ['a readable field less', ({ noteId: _gone, ...data }) => data],
    ['readable fields in another order', ({ noteId, ...data }) => ({ ...data, noteId })],
    [
      'one bit of the text',
      (data) => ({ ...data, [SEALED_FIELD]: flipped(data[SEALED_FIELD] as string, -30) }),
    ],
    [
      'one bit of the tag',
      (data) => ({ ...data, [SEALED_FIELD]: flipped(data[SEALED_FIELD] as string, -1) }),
    ],
    [
      'a text cut short',
      (data) => ({ ...data, [SEALED_FIELD]: (data[SEALED_FIELD] as string).slice(0, 20) }),
    ],
    ['no text', (data) => ({ ...data, [SEALED_FIELD]: 5 })],
    ['an empty text', (data) => ({ ...data, [SEALED_FIELD]: '' })],
  ])('breaks the seal: %s', async (_what, change) => {
    await expect(async () => opened(seal, change(await stored(seal)))).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
      jobId: 'm_1',
      message: expect.not.stringContaining('fever') as string,
    });
  });

  it.each([
    ['job', { ...JOB, job: 'print' }, NOTES],
    ['queue', JOB, { ...NOTES, name: 'others' }],
  ])('breaks the seal: moved to another %s', async (_what, job, definition) => {
    await expect(async () =>
      opened(sealOf(ring, {}, definition), await stored(seal), job),
    ).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
    });
  });

  it('opens under another id: a repeated or copied job has one', async () => {
    const { data } = await opened(seal, await stored(seal), { ...JOB, jobId: 'm_2' });
    expect(data).toEqual(PAYLOAD);
  });

  it('waits for a release that knows its version', async () => {
    const data = await stored(seal);
    const bytes = Buffer.from(data[SEALED_FIELD] as string, 'base64url');
    bytes[0] = 3;
    const newer = { ...data, [SEALED_FIELD]: bytes.toString('base64url') };
    await expect(async () => opened(seal, newer)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });
});

describe('What a run leaves behind', () => {
  it('is sealed for its job and its place', async () => {
    const seal = sealOf(new Ring('k-1'));
    const { sealer } = await opened(seal, await stored(seal));
    const texts = (['result', 'progress', 'failure'] as const).map((slot) => sealer?.seal(slot, '"fever"'));
    expect(new Set(texts).size).toBe(3);
    for (const text of texts)
      expect(Buffer.from(text ?? '', 'base64url').toString('latin1')).not.toContain('fever');
  });

  it('opens in another process, for its job and in its place alone', async () => {
    const ring = new Ring('k-1');
    const seal = sealOf(ring);
    const { sealer } = await opened(seal, await stored(seal));
    const text = sealer?.seal('failure', '"fever"');
    expect(await sealOf(ring).openSlot(JOB, 'failure', text)).toEqual({ value: 'fever' });
    const [moved, exchanged] = [{ ...JOB, jobId: 'm_2' }, 'result' as const];
    for (const open of [
      () => seal.openSlot(moved, 'failure', text),
      () => seal.openSlot({ ...JOB, job: 'print' }, 'failure', text),
      () => seal.openSlot(JOB, exchanged, text),
      () => seal.openSlot(JOB, 'failure', flipped(text as string, -1)),
      () => seal.openSlot(JOB, 'failure', 5),
    ]) {
      await expect(open()).rejects.toMatchObject({
        code: 'SEAL_BROKEN',
        jobId: expect.any(String) as string,
      });
    }
    await expect(sealOf(new Ring('k-2')).openSlot(JOB, 'failure', text)).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
    });
  });
});

describe('A payload in plain text', () => {
  it('runs, is counted, and what it leaves is sealed', async () => {
    const ring = new Ring('k-1');
    const codec = new PayloadCodec({
      ...{ sealing: 'on', unsealed: 'run', timeoutMs: 1_000 },
      openKeys: () => new AppCodecKeys(null, ring, new SystemClock(), { keys: 100, forMs: 60_000 }),
    });
    const seal = codec.withSeal(NOTES).seal as PayloadSeal;
    const { data, sealer } = await opened(seal, PAYLOAD);
    expect(data).toBe(PAYLOAD);
    expect(sealer).toBeDefined();
    expect(seal.status()).toEqual({ unsealedJobs: 1, missingKeys: [], openOnlyMs: null });
  });

  it('is refused where the host says so', () => {
    const seal = sealOf(new Ring('k-1'), { unsealed: 'refuse' });
    expect(() => seal.open(JOB, PAYLOAD)).toThrow(expect.objectContaining({ code: 'UNSEALED_JOB' }) as Error);
  });

  it.each<[string, Partial<CodecOptions>, QueueDefinition]>([
    ['sealing is open-only', { sealing: 'open-only', unsealed: 'refuse' }, NOTES],
    ['sealing is off', { sealing: 'off', unsealed: 'refuse' }, NOTES],
    ['its queue carries no content', { unsealed: 'refuse' }, { ...NOTES, sealed: false }],
  ])('is usual where %s, and what is sealed opens', async (_why, options, definition) => {
    const ring = new Ring('k-1');
    const seal = sealOf(ring, options, definition);
    expect(seal.isOn).toBe(false);
    expect(await opened(seal, PAYLOAD)).toEqual({ data: PAYLOAD });
    expect((await opened(seal, await stored(sealOf(ring)))).data).toEqual(PAYLOAD);
  });

  it('is told by the reserved field alone', () => {
    expect(isSealed({ [SEALED_FIELD]: 'x' })).toBe(true);
    for (const data of [
      null,
      'mq:sealed',
      ['mq:sealed'],
      { sealed: 'AgAA' },
      Object.create({ [SEALED_FIELD]: 'x' }),
    ]) {
      expect(isSealed(data)).toBe(false);
    }
  });
});

it('A payload class with two key scopes is refused when its queue is registered', () => {
  class TwoScopes extends NoteDto {
    @KeyScope('tenant') tenantId!: string;
  }
  const definition = { ...NOTES, jobs: { write: TwoScopes } };
  expect(() => sealOf(new Ring('k-1'), {}, definition)).toThrow(
    /conversationId, tenantId|tenantId, conversationId/,
  );
});

function flipped(text: string, at: number): string {
  const bytes = Buffer.from(text, 'base64url');
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes.toString('base64url');
}
