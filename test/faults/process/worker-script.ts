import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

const ROOT = resolve(__dirname, '../../..');
const COMPILED = ['src/kernel', 'src/message-queue', 'test/support'];

/** The worker process's program as JavaScript, and where it finds packages. */
export interface WorkerScript {
  readonly file: string;
  readonly nodePath: string;
  remove(): void;
}

/**
 * Where this file runs as JavaScript the worker lies there too; under Jest the sources that it needs are compiled once
 * into a temporary directory.
 * @param program the worker's file in the folder, without its ending
 * @param folder where the program and what belongs to it lies
 */
export function workerScript(program = 'process/fault-host', folder = 'test/faults'): WorkerScript {
  if (__filename.endsWith('.js')) {
    return { file: join(ROOT, folder, `${program}.js`), nodePath: '', remove: () => undefined };
  }
  const directory = mkdtempSync(join(tmpdir(), 'mq-faults-'));
  for (const source of [...COMPILED, folder].flatMap((each) => sourcesIn(join(ROOT, each)))) {
    const target = join(directory, relative(ROOT, source)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, transformFileSync(source, SWC).code);
  }
  return {
    file: join(directory, `${folder}/${program}.js`),
    nodePath: join(ROOT, 'node_modules'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const SWC = {
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
} as const;

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts') ? [path] : [];
  });
}
