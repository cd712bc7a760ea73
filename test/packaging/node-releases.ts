import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.js';

/** A Node to run built hosts with. */
export interface NodeRelease {
  readonly major: number;
  /** The binary, or why there is none. */
  readonly binary: string | { readonly missing: string };
}

/** Installs Node's releases beside this one, from npm. One that cannot be had is told, not passed over in silence. */
export async function nodeReleases(majors: readonly number[], directory: string): Promise<NodeRelease[]> {
  const folder = join(directory, 'nodes');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const releases: NodeRelease[] = [];
  for (const major of majors) releases.push({ major, binary: await install(major, folder) });
  return releases;
}

async function install(major: number, folder: string): Promise<NodeRelease['binary']> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  // The package of the platform, which holds the binary: the one named `node` fetches it by a script.
  const name = `node-${process.platform}-${process.arch}`;
  try {
    await run('npm', ['install', `node${major}@npm:${name}@${major}`], folder);
    return join(folder, 'node_modules', `node${major}`, 'bin', 'node');
  } catch (error) {
    return { missing: (error as Error).message };
  }
}
