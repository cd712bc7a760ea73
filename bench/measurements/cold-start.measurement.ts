import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measurement } from '../measurement.js';
import { OURS, PLAIN_BULL } from '../subjects.js';

/** What a host of each does: loads modules, then puts its own module together with the first of them. */
interface Start {
  readonly modules: readonly string[];
  readonly register: string;
}

const STARTS: Readonly<Record<string, Start>> = {
  [PLAIN_BULL.name]: {
    modules: ['@nestjs/bull', 'class-transformer', 'class-validator'],
    register: "BullModule.forRoot({}); BullModule.registerQueue({ name: 'messages' });",
  },
  [OURS.name]: {
    // What the compiler made of the package's main entry, as it is published.
    modules: [join(__dirname, '../../src/message-queue/index.js')],
    register: 'MessageQueueModule.forRoot();',
  },
};

const PROGRAM = `
const startedAt = performance.now(), cpu = process.cpuUsage();
const [register, ...modules] = process.argv.slice(1);
const [{ BullModule, MessageQueueModule }] = modules.map((name) => require(name));
const now = () => {
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000, modules: Object.keys(require.cache).length };
};
const imported = now();
eval(register);
console.log(JSON.stringify({ imported, registered: now() }));
`;

interface Loaded {
  readonly ms: number;
  readonly cpuMs: number;
  readonly modules: number;
}

/** What a fresh process pays before it can do anything. */
export const coldStartMeasurement: Measurement = {
  id: 'cold-start',
  title: 'import, then registration (plain Bull: @nestjs/bull and class-validator)',
  subjects: [PLAIN_BULL, OURS],
  // The files come from the disk's cache.
  warmUp: true,
  async trial(stage) {
    const start = STARTS[stage.subjectName];
    if (start === undefined) return [];
    const args = ['-e', PROGRAM, start.register, ...start.modules];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { imported, registered } = JSON.parse(stdout) as Record<'imported' | 'registered', Loaded>;
    return [
      { row: 'time', unit: 'ms', value: imported.ms },
      { row: 'CPU', unit: 'ms', value: imported.cpuMs },
      { row: 'CommonJS modules', unit: 'modules', value: imported.modules },
      { row: 'time until registered', unit: 'ms', value: registered.ms },
      { row: 'CPU until registered', unit: 'ms', value: registered.cpuMs },
    ];
  },
};
