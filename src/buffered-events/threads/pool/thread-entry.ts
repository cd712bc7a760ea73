import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readEnvironment } from '../../../kernel/settings/environment.js';
import { quoted } from '../../../kernel/values/words.js';
import type { BufferHandle } from '../../buffer/buffer-words.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { EventThreadStartError } from '../../events/errors.js';
import { sharedOrigin } from '../shared-origin.js';
import type { ThreadStart } from '../thread-messages.js';
import { BEAT_MS } from './pool-watch.js';

/** TypeScript by its name, behind which `#Name` may stand. */
const TYPESCRIPT = /\.[cm]?ts(#.*)?$/;
/** What may teach Node to load TypeScript. */
const LOADER = /^(-r|--(require|import|loader|experimental-loader))(=|$)/;

/** The file that threads run stands one folder above this one, in sources and when compiled. */
const ENTRY = join(dirname(__dirname), `thread${extname(__filename)}`);

/** @throws EventThreadStartError where Node could not load what a thread runs, with what to do */
export function checkLoadable(module: string, execArgv: readonly string[]): void {
  if (!existsSync(ENTRY)) {
    throw new EventThreadStartError(
      `The file that worker threads run is not at ${quoted(ENTRY)}: a bundler left it out. ` +
        'Leave nestjs-message-queue out of the bundle (an external), or set workerCount to 0.',
    );
  }
  const options = readEnvironment().get('NODE_OPTIONS')?.split(/\s+/) ?? [];
  const given = [...options, ...(execArgv.length > 0 ? execArgv : process.execArgv)];
  const typescript = [ENTRY, module].find((file) => TYPESCRIPT.test(file));
  if (typescript === undefined || given.some((argument) => LOADER.test(argument))) return;
  throw new EventThreadStartError(
    `Worker threads cannot load ${quoted(typescript)}: Node itself does not know decorators. ` +
      'Build it and name the built file, or set workerCount to 0. ' +
      "Where sources must run, name a loader that knows them in threads.execArgv, such as ['--require', 'ts-node/register'].",
  );
}

/** What a thread of a bus has to know when it starts. */
export function threadStart(of: {
  readonly owner: number;
  readonly buffer: BufferHandle;
  readonly bus: string;
  readonly settings: EventBusSettings;
}): ThreadStart {
  const { settings, ...whose } = of;
  const { concurrency, handlerTimeoutMs, module } = settings.threads;
  const { critical, normal, low } = settings.priorities;
  return {
    ...whose,
    module: module ?? '',
    maxEventSize: settings.maxEventSize,
    timeOrigin: sharedOrigin(),
    concurrency,
    handlerTimeoutMs,
    beatEveryMs: BEAT_MS,
    weights: [critical, normal, low],
    logLevels: settings.logLevels,
  };
}

/** Starts a thread. Its output goes where the output of the process goes, and its environment is a copy of the one here. */
export function startNodeThread(start: ThreadStart, settings: EventBusSettings): Worker {
  const { execArgv } = settings.threads;
  return new Worker(ENTRY, {
    name: `buffered-events-${start.owner}`,
    workerData: start,
    resourceLimits: { maxOldGenerationSizeMb: settings.workerHeapMB },
    // Without any, those of the process: so does Node.
    ...(execArgv.length > 0 && { execArgv: [...execArgv] }),
  });
}
