import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measurement } from '../measurement.js';
import { OURS, PLAIN_BULL } from '../subjects.js';

/** What a host of each loads. */
const LOADED: Readonly<Record<string, readonly string[]>> = {
  [PLAIN_BULL.name]: ['@nestjs/bull', 'class-transformer', 'class-validator'],
  // What the compiler made of the package's main entry, as it is published.
  [OURS.name]: [join(__dirname, '../../src/message-queue/index.js')],
};

const PROGRAM = `
const cpu = process.cpuUsage(), startedAt = performance.now();
for (const name of process.argv.slice(1)) require(name);
const ms = performance.now() - startedAt, { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, modules: Object.keys(require.cache).length }));
`;

interface Loaded {
  readonly ms: number;
  readonly cpuMs: number;
  readonly modules: number;
}

/** What a fresh process pays before it can do anything. */
export const coldStartMeasurement: Measurement = {
  id: 'cold-start',
  title: 'import (plain Bull: @nestjs/bull and class-validator)',
  subjects: [PLAIN_BULL, OURS],
  // The files come from the disk's cache.
  warmUp: true,
  async trial(stage) {
    const modules = LOADED[stage.subjectName] ?? [];
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', PROGRAM, ...modules]);
    const loaded = JSON.parse(stdout) as Loaded;
    return [
      { row: 'time', unit: 'ms', value: loaded.ms },
      { row: 'CPU', unit: 'ms', value: loaded.cpuMs },
      { row: 'CommonJS modules', unit: 'modules', value: loaded.modules },
    ];
  },
};
