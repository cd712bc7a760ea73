import assert from 'node:assert/strict';
import type { AttachmentFiles } from '../../../ports/attachments/attachment-files.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { never, rejectsWhenAborted } from '../contract-values.js';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
const PATHS = ['', '.', '..', '../secret', 'a/b', '/etc/passwd', 'a\\b', '..\\secret', 'a\0b'];

/** The contract of every AttachmentFiles. @param create no files, for each test */
export function attachmentFilesContract(
  create: CreateSubject<AttachmentFiles>,
  runner?: ContractRunner,
): void {
  declareContract('AttachmentFiles', create, runner, (test) => {
    test('knows no files at first', async (files) => {
      assert.equal(await files.read('a.png'), null);
      assert.equal(await files.remove('a.png', never()), false);
    });

    test('gives back every byte, by key', async (files) => {
      await files.write('a.png', EVERY_BYTE);
      await files.write('ä b 日本.png', new Uint8Array());
      assert.deepEqual(await bytesOf(files, 'a.png'), [...EVERY_BYTE]);
      assert.deepEqual(await bytesOf(files, 'ä b 日本.png'), []);
    });

    test('replaces a file as a whole', async (files) => {
      await files.write('a.png', EVERY_BYTE);
      await files.write('a.png', Uint8Array.of(7));
      assert.deepEqual(await bytesOf(files, 'a.png'), [7]);
    });

    test('keeps what was written, whatever becomes of the arrays', async (files) => {
      const given = Uint8Array.of(1, 2, 3);
      await files.write('a.png', given);
      given.fill(9);
      (await files.read('a.png'))?.fill(8);
      assert.deepEqual(await bytesOf(files, 'a.png'), [1, 2, 3]);
    });

    test('removes one file, once', async (files) => {
      await files.write('a.png', EVERY_BYTE);
      await files.write('b.png', EVERY_BYTE);
      assert.equal(await files.remove('a.png', never()), true);
      assert.equal(await files.remove('a.png', never()), false);
      assert.equal(await files.read('a.png'), null);
      assert.equal((await files.read('b.png'))?.length, EVERY_BYTE.length);
    });

    test('refuses keys that are paths', async (files) => {
      for (const key of PATHS) {
        await assert.rejects(files.write(key, EVERY_BYTE), `write ${JSON.stringify(key)}`);
        await assert.rejects(files.read(key), `read ${JSON.stringify(key)}`);
        await assert.rejects(files.remove(key, never()), `remove ${JSON.stringify(key)}`);
      }
    });

    test('does nothing once it is aborted', async (files) => {
      await files.write('a.png', Uint8Array.of(1));
      await rejectsWhenAborted((signal) => files.write('a.png', EVERY_BYTE, signal));
      await rejectsWhenAborted((signal) => files.read('a.png', signal));
      await rejectsWhenAborted((signal) => files.remove('a.png', signal));
      assert.deepEqual(await bytesOf(files, 'a.png'), [1]);
    });
  });
}

async function bytesOf(files: AttachmentFiles, key: string): Promise<number[] | null> {
  const bytes = await files.read(key);
  return bytes === null ? null : [...bytes];
}
