import { InvalidConfigurationError } from '../../kernel/errors.js';
import { readEnvironment } from '../../kernel/settings/environment.js';
import { settingsOf } from '../../kernel/values/setting.js';
import { defaultBufferedEventConfig } from '../buffered-events.options.js';
import type { BufferedEventConfig } from '../buffered-events.options.js';
import { defaultWorkerCount } from './default-worker-count.js';
import type { EventBusSettings } from './event-bus-settings.js';
import { CLASSES, upperBoundMs } from '../judge/log-histogram.js';
import { resolveEventBusSettings } from './resolve-event-bus-settings.js';
import { SETTINGS, TWINS } from './settings.js';

const MODULE = '/app/dist/user-events.module.js';

function resolved(options: BufferedEventConfig = {}, env: Record<string, string> = {}): EventBusSettings {
  const threads = { module: MODULE, ...options.threads };
  return resolveEventBusSettings({ ...options, threads }, readEnvironment(undefined, env));
}

function mistakes(options: unknown, env: Record<string, string> = {}): string[] {
  try {
    resolveEventBusSettings(options as BufferedEventConfig, readEnvironment(undefined, env));
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error;
    return error.issues.map(({ path, message }) => `${path} ${message}`);
  }
  return [];
}

/** An object with one value at a dotted path. */
function optionAt(path: string, value: unknown): object {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
}

describe('what holds where nothing is set', () => {
  it('is what the exported defaults say, and the seed’s limits', () => {
    const { threads: _threads, ...usual } = resolved();
    const { threads: _same, ...spread } = resolved(defaultBufferedEventConfig);
    expect(spread).toEqual(usual);
    expect(usual).toMatchObject({
      ...{ enabled: true, workerCount: defaultWorkerCount(), maxQueueSize: 10_000, maxMemoryMB: 50 },
      ...{ maxEventSize: 5_120, retryAttempts: 3, retryDelays: [1_000, 2_000, 4_000], fallbackToSync: true },
      priorities: { critical: 3, normal: 2, low: 1 },
      ...{ workerHeapMB: 100, workerRestartDelay: 1_000, gracefulShutdownTimeout: 10_000, maxCrashes: 3 },
      performance: {
        ...{ maxInputRate: null, targetProcessingRate: null, maxMainThreadImpact: null },
        maxQueueLatency: null,
      },
      ...{ correlationId: null, carry: null, onLeftover: null },
    });
  });

  it('is one core less than there are, from one to four', () => {
    expect([1, 2, 3, 5, 64].map((cores) => defaultWorkerCount(cores))).toEqual([1, 1, 2, 4, 4]);
  });

  it('is more in production, which every NODE_ENV but two is', () => {
    for (const [name, size] of Object.entries({ development: 10_000, test: 10_000, staging: 50_000 }))
      expect(resolved({}, { NODE_ENV: name }).maxQueueSize).toBe(size);
    expect(resolved({ maxQueueSize: 7 }, { NODE_ENV: 'production' }).maxQueueSize).toBe(7);
  });

  it('is frozen, groups included', () => {
    const settings = resolved();
    for (const part of [
      settings,
      settings.threads,
      settings.monitoring,
      settings.priorities,
      settings.performance,
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('an option', () => {
  it('wins over its variable, which wins over the default', () => {
    const env = { BUFFERED_EVENTS_MAX_QUEUE_SIZE: '20', BUFFERED_EVENTS_RETRY_DELAYS: '5, 10' };
    expect(resolved({}, env)).toMatchObject({ maxQueueSize: 20, retryDelays: [5, 10] });
    expect(resolved({ maxQueueSize: 30, retryDelays: [1] }, env)).toMatchObject({
      ...{ maxQueueSize: 30, retryDelays: [1] },
    });
  });

  it('has a variable that is its path in capitals', () => {
    for (const [path, { variable }] of settingsOf(SETTINGS)) {
      const inCapitals = path
        .replace(/\./g, '_')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toUpperCase();
      expect(variable).toBe(`BUFFERED_EVENTS_${inCapitals}`);
    }
  });

  it('of every name is read from either', () => {
    const texts = { module: MODULE, execArgv: '--import tsx', retryDelays: '100,200', enabled: 'off' };
    for (const [path, { kind, variable = '' }] of settingsOf(SETTINGS)) {
      const name = path.split('.').at(-1) ?? '';
      const text =
        (texts as Record<string, string>)[name] ?? (kind.expected === 'true or false' ? 'no' : '101');
      const fits = kind.fromText(text) === 101 || !/^\d+$/.test(text);
      const given = fits ? text : '1';
      const fromVariable = mistakes({ workerCount: 0 }, { [variable]: given });
      const fromOption = mistakes({ workerCount: 0, ...optionAt(path, kind.fromText(given)) });
      // Threads that are asked for, here or there, need a module.
      const expected = path === 'workerCount' ? [expect.stringMatching(/^threads\.module/)] : [];
      expect([path, fromOption]).toEqual([path, expected]);
      expect([path, fromVariable]).toEqual([path, []]);
    }
  });

  it('may be a file URL, a path, or either with the name of a module', () => {
    const url = new URL('file:///app/dist/events.module.js#Mail');
    expect(resolved({ threads: { module: url } }).threads.module).toBe(url.href);
    expect(resolved({ threads: { module: `${MODULE}#Mail` } }).threads.module).toBe(`${MODULE}#Mail`);
    for (const module of ['dist/events.module.js', './events.module.js', 'https://x/y.js', '', 7])
      expect(mistakes({ threads: { module } })).toEqual([
        expect.stringMatching(/^threads\.module must be an absolute path/),
      ]);
  });

  it('takes functions for what no variable can say', () => {
    const hooks = { correlationId: () => 'c', carry: () => ({ user: 1 }), onLeftover: () => undefined };
    expect(resolved(hooks)).toMatchObject(hooks);
    expect(mistakes({ workerCount: 0, correlationId: 'c', carry: {}, onLeftover: null })).toHaveLength(3);
  });
});

describe('two names of one setting', () => {
  it.each(TWINS)('%s and %s are one: either counts', (path, other) => {
    for (const given of [path, other]) {
      const settings = resolved(optionAt(given, 789));
      expect(JSON.stringify(settings)).toContain('789');
      const variable = settingsOf(SETTINGS).find(([known]) => known === given)?.[1].variable ?? '';
      expect(JSON.stringify(resolved({}, { [variable]: '789' }))).toEqual(JSON.stringify(settings));
    }
  });

  it.each(TWINS)(
    '%s and %s may be the same, and are refused by both names when they differ',
    (path, other) => {
      const both = (a: number, b: number): object => {
        const [one, two] = [optionAt(path, a), optionAt(other, b)];
        return { workerCount: 0, ...one, ...two };
      };
      const of = (name: string): string =>
        settingsOf(SETTINGS).find(([known]) => known === name)?.[1].variable ?? '';
      expect(mistakes(both(500, 500))).toEqual([]);
      expect(mistakes(both(500, 600))).toEqual([
        `${path} is the same setting as ${other}, and cannot be both 500 and 600: leave one of them out`,
      ]);
      const variables = { [of(path)]: '500', [of(other)]: '600' };
      expect(mistakes({ workerCount: 0 }, variables)).toEqual([
        expect.stringMatching(new RegExp(`^${of(path)} is the same setting as ${of(other)}, `)),
      ]);
      // The option wins over the variable of either name.
      expect(mistakes({ workerCount: 0, ...optionAt(path, 700) }, { [of(other)]: '600' })).toEqual([]);
      expect(JSON.stringify(resolved(optionAt(other, 700), { [of(path)]: '600' }))).toContain('700');
    },
  );

  it('tells of a wrong value once, and compares nothing with it', () => {
    expect(mistakes({ workerCount: 0, maxQueueSize: 0, memoryLimits: { maxQueueSize: 5 } })).toEqual([
      expect.stringMatching(/^maxQueueSize must be a whole number from 1/),
    ]);
  });
});

describe('mistakes', () => {
  it('are told all at once, each by the name it was given under', () => {
    const wrong = {
      ...{ workerCount: 64, maxQueuSize: 5, retryDelays: [1, -1], priorities: { critical: 0 } },
      ...{ threads: { modul: MODULE, concurrency: 0.5 }, monitoring: true, whenFull: { waitMs: '1s' } },
    };
    expect(
      mistakes(wrong, { BUFFERED_EVENTS_MAX_CRASHES: 'never', BUFFERED_EVENTS_WORKER_COUT: '2' }),
    ).toEqual([
      'maxQueuSize is not an option. Did you mean "maxQueueSize"?',
      'threads.modul is not an option. Did you mean "module"?',
      expect.stringMatching(/^monitoring must be an object \(enabled, /),
      'BUFFERED_EVENTS_WORKER_COUT there is no such variable. Did you mean "BUFFERED_EVENTS_WORKER_COUNT"?',
      'workerCount must be a whole number from 0 to 63, got 64',
      expect.stringMatching(/^retryDelays must be a list .*\(the one at 1 is not\)$/),
      'BUFFERED_EVENTS_MAX_CRASHES must be a whole number from 1 to 1000, got "never"',
      expect.stringMatching(/^priorities\.critical must be a whole number from 1/),
      expect.stringMatching(/^threads\.concurrency must be a whole number/),
      expect.stringMatching(/^whenFull\.waitMs must be a whole number of milliseconds/),
      expect.stringMatching(/^threads\.module \(BUFFERED_EVENTS_THREADS_MODULE\) is missing/),
    ]);
  });

  it('are weights other than whole numbers from one on', () => {
    for (const priority of ['critical', 'normal', 'low'])
      for (const weight of [0, -1, 1.5, Number.NaN, '2x', null])
        expect(mistakes({ workerCount: 0, priorities: { [priority]: weight } })).toHaveLength(1);
  });

  it('are waits that nobody could tell from longer ones', () => {
    const limit = (maxQueueLatency: number): object => ({
      workerCount: 0,
      performanceLimits: { maxQueueLatency },
    });
    expect(mistakes(limit(4_000))).toEqual([]);
    expect(mistakes(limit(4_001))).toEqual([
      'performanceLimits.maxQueueLatency must be a whole number of milliseconds from 1 to 4000, got 4001',
    ]);
    expect(upperBoundMs(CLASSES - 2)).toBeGreaterThan(4_000);
  });

  it('are further attempts without a delay', () => {
    expect(mistakes({ workerCount: 0, retryDelays: [] })).toEqual([
      'retryDelays must have a delay for 3 further attempts (retryAttempts), and is empty',
    ]);
    expect(mistakes({ workerCount: 0, retryDelays: [], retryAttempts: 0 })).toEqual([]);
  });

  it('are threads without a module, but not where there are none', () => {
    expect(mistakes({ workerCount: 2 })).toEqual([expect.stringMatching(/2 worker threads need the module/)]);
    expect(mistakes({ workerCount: 0 })).toEqual([]);
    expect(mistakes({ enabled: false })).toEqual([]);
    expect(mistakes({}, { BUFFERED_EVENTS_THREADS_MODULE: MODULE })).toEqual([]);
    // A module that is wrong is not missing too.
    expect(mistakes({}, { BUFFERED_EVENTS_THREADS_MODULE: 'events.js' })).toHaveLength(1);
  });

  it('are no options at all', () => {
    for (const options of [null, 'production', []])
      expect(mistakes(options)[0]).toMatch(/^options must be an object/);
  });

  it('leaves alone what is far from ours, and links of a platform', () => {
    const env = { BUFFERED_EVENTS_DASHBOARD_URL: 'x', BUFFERED_EVENTS_SERVICE_HOST: '10.0.0.1' };
    expect(mistakes({ workerCount: 0 }, env)).toEqual([]);
  });
});
