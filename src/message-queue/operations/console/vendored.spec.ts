import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(__dirname, '../../../../node_modules');
const VENDOR = join(__dirname, 'assets/vendor');

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const versionOf = (name: string): unknown =>
  (JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as { version: unknown }).version;

describe('What the console carries of others', () => {
  it.each([
    ['htm-preact.js', 'htm', 'preact/standalone.module.js'],
    ['htm.LICENSE.txt', 'htm', 'LICENSE'],
    ['uplot.js', 'uplot', 'dist/uPlot.esm.js'],
    ['uplot.css', 'uplot', 'dist/uPlot.min.css'],
    ['uplot.LICENSE.txt', 'uplot', 'LICENSE'],
  ])('%s is, byte by byte, what the package %s has', (file, name, source) => {
    expect(hashOf(join(VENDOR, file))).toBe(hashOf(join(PACKAGES, name, source)));
  });

  it('is of the versions that were looked at', () => {
    expect([versionOf('htm'), versionOf('uplot')]).toEqual(['3.1.1', '1.6.32']);
  });
});
