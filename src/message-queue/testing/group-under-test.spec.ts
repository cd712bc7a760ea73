import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { LetterProcessor, LETTERS, LETTERS_APP } from '../../../test/support/groups-host.js';
import { MessageQueueService } from '../index.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from './index.js';

describe('A group in the test kit', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let letters: LetterProcessor;

  beforeEach(async () => {
    const { imports, providers } = LETTERS_APP;
    const library = MessageQueueTestingModule.register();
    app = await Test.createTestingModule({ imports: [library, ...imports], providers }).compile();
    await app.init();
    kit = app.get(MessageQueueTestKit);
    letters = app.get(LetterProcessor);
  });
  afterEach(() => app.close());

  const add = (text: string, groups: { key?: string; tenant?: string; delay?: number }) =>
    app.get(MessageQueueService).enqueue(LETTERS, 'post', { text }, groups);

  it('stands still for a dead letter, and goes on in its order when that is replayed', async () => {
    const { id } = await add('torn', { key: 'c-42' });
    await add('next', { key: 'c-42' });
    await add('other', { key: 'c-7' });
    expect(await kit.drain()).toMatchObject({ completed: 1, deadLettered: 1 });
    const key = kit.group(LETTERS, 'c-42');
    expect([await key.parkedBy(), await key.held()]).toEqual([id, 1]);
    letters.isMended = true;
    expect(await key.release('replay')).toBe('released');
    expect(await kit.drain()).toMatchObject({ completed: 2 });
    expect(letters.posted).toEqual(['other', 'torn', 'next']);
    expect([await key.parkedBy(), await key.release('discard')]).toEqual([null, 'not-parked']);
  });

  it('holds what becomes due while it is paused', async () => {
    const tenant = kit.group(LETTERS, { tenant: 'acme' });
    await tenant.pause();
    await add('later', { tenant: 'acme', delay: 5_000 });
    expect(await kit.advance('1h')).toMatchObject({ completed: 0 });
    expect(await tenant.status()).toMatchObject({ held: 1, paused: { reason: 'The test said so.' } });
    expect([await tenant.resume(), await tenant.resume()]).toEqual([true, false]);
    expect(await kit.drain()).toMatchObject({ completed: 1 });
  });

  it('has as many slots as the test says', async () => {
    const key = kit.group(LETTERS, { key: 'c-42' });
    await key.setSlots(0);
    await add('first', { key: 'c-42' });
    expect(await kit.drain()).toMatchObject({ completed: 0 });
    expect(await key.status()).toMatchObject({ slots: 0, held: 1 });
    await key.setSlots(null);
    expect(await kit.drain()).toMatchObject({ completed: 1 });
  });
});
