import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingPackageError } from '../errors.js';
import { loadOptionalPackage } from './optional-package.js';

describe('loadOptionalPackage', () => {
  it('gives the package', () => {
    expect(loadOptionalPackage<{ sql: unknown }>('kysely', 'the tests').sql).toBeInstanceOf(Function);
  });

  it.each([
    ['no-such-package', 'no-such-package'],
    ['@no-such/package/sub/path', '@no-such/package'],
    ['no-such-package/sub', 'no-such-package'],
  ])('says who needs "%s" and what to install', (name, installed) => {
    const load = (): unknown => loadOptionalPackage(name, 'the SQL stores');
    expect(load).toThrow(MissingPackageError);
    expect(load).toThrow(
      `The package "${name}" is not installed; the SQL stores need it: npm install ${installed}`,
    );
  });

  it.each([
    ['throws', 'throw new Error("its native part is missing")', 'its native part is missing'],
    ['lacks a package of its own', 'require("no-such-part")', "Cannot find module 'no-such-part'"],
  ])('tells a package that is there but %s from one that is missing', (_name, source, reason) => {
    const directory = mkdtempSync(join(tmpdir(), 'mq-package-'));
    try {
      const broken = join(directory, 'broken.js');
      writeFileSync(broken, source);
      const load = (): unknown => loadOptionalPackage(broken, 'the tests');
      expect(load).toThrow(MissingPackageError);
      expect(load).toThrow('which the tests need, is installed but cannot be loaded');
      expect(load).toThrow(reason);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
