import { InvalidConfigurationError } from '../../kernel/errors.js';
import { resolve, itNames } from '../../../test/support/configuration-fixture.js';
import type { Given, Mistake } from '../../../test/support/configuration-fixture.js';

describe('a mistake in the settings', () => {
  const mistakes: readonly Mistake[] = [
    [
      'provider',
      { env: { MESSAGE_QUEUE_PROVIDER: 'reddis' } },
      'MESSAGE_QUEUE_PROVIDER',
      /one of "memory", "redis".*"reddis"/,
    ],
    ['role', { env: { MESSAGE_QUEUE_ROLE: 'master' } }, 'MESSAGE_QUEUE_ROLE', /"producer".*"master"/],
    ['role option', { options: { role: 'master' } }, 'role', /"producer".*"master"/],
    ['prefix', { env: { QUEUE_PREFIX: 'a b' } }, 'QUEUE_PREFIX', /letters, digits.*"a b"/],
    ['auto start', { options: { autoStart: 'later' } }, 'autoStart', /true or false.*"later"/],
    ['enqueue deadline', { options: { enqueueTimeoutMs: Number.NaN } }, 'enqueueTimeoutMs', /50 to.*NaN/],
    [
      'spool without a directory',
      { options: { provider: 'redis', whenUnavailable: 'spool' } },
      'spool.directory (MESSAGE_QUEUE_SPOOL_DIRECTORY)',
      /is missing/,
    ],
    [
      'spool in memory',
      { options: { provider: 'memory', whenUnavailable: 'spool' } },
      'whenUnavailable',
      /cannot be "spool" with the provider "memory"/,
    ],
    ['enqueue deadline 0', { options: { enqueueTimeoutMs: 0 } }, 'enqueueTimeoutMs', /50 to.*got 0/],
    [
      'shutdown',
      { env: { MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS: '5s' } },
      'MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS',
      /milliseconds.*"5s"/,
    ],
    ['crashes', { options: { maxCrashes: 1.5 } }, 'maxCrashes', /whole number.*1\.5/],
    ['stuck handler', { options: { onStuckHandler: 'kill' } }, 'onStuckHandler', /"keep", "exit".*"kill"/],
    ['renewal', { options: { lock: { durationMs: 1_000, renewMs: 900 } } }, 'lock.renewMs', /at most half/],
    ['lock', { options: { lock: 5 } }, 'lock', /must be an object/],
    ['memory', { options: { memory: { maxJobs: 0 } } }, 'memory.maxJobs', /from 1.*got 0/],
    ['unknown option', { options: { concurency: 5, rol: 'both' } }, 'rol', /not an option.*"role"/],
    [
      'unknown lock option',
      { options: { lock: { duration: 5 } } },
      'lock.duration',
      /not an option.*"durationMs"|Known/,
    ],
    ['misplaced option', { options: { isGlobal: true } }, 'isGlobal', /beside useFactory/],
    ['board', { options: { board: 5 as never } }, 'board', /must be an object.*got 5/],
    ['board option', { options: { board: { pth: '/x' } as object } }, 'board.pth', /not an option.*"path"/],
    ['board path', { options: { board: { path: ' ' } } }, 'board.path', /must be a path.*" "/],
    ['board access', { options: { board: { access: 'me' as never } } }, 'board.access', /a guard.*"me"/],
    ['health', { options: { health: { maxWaitMs: -1 } } }, 'health.maxWaitMs', /milliseconds.*got -1/],
    ['health share', { options: { health: { maxMemoryRatio: 70 } } }, 'health.maxMemoryRatio', /0 to 1/],
    [
      'breakers',
      { options: { circuitBreakers: { failureThreshold: 0 } } },
      'circuitBreakers.failureThreshold',
      /from 1.*got 0/,
    ],
    [
      'breaker option',
      { options: { circuitBreakers: { halfOpenAfter: 5 } as object } },
      'circuitBreakers.halfOpenAfter',
      /not an option.*"halfOpenAfterMs"/,
    ],
    [
      'breaker of one dependency',
      { options: { circuitBreakers: { dependencies: { smtp: { isFailure: true as never } } } } },
      'circuitBreakers.dependencies.smtp.isFailure',
      /must be a function.*got true/,
    ],
    ['middleware', { options: { middleware: {} as [] } }, 'middleware', /must be a list/],
    ['middleware entry', { options: { middleware: ['log' as never] } }, 'middleware.0', /a function.*"log"/],
    [
      'middleware of an unknown queue',
      { options: { middleware: [{ queue: 'message-delivry', middleware: async () => null }] } },
      'middleware.0.queue',
      /registered queue.*"message-delivery"/,
    ],
    ['options', { options: [] as object }, 'options', /must be an object/],
    ['misspelled variable', { env: { REDIS_PASWORD: 'x' } }, 'REDIS_PASWORD', /"REDIS_PASSWORD"/],
    [
      'misspelled setting',
      { env: { MESSAGE_QUEUE_PROVIDR: 'redis' } },
      'MESSAGE_QUEUE_PROVIDR',
      /"MESSAGE_QUEUE_PROVIDER"/,
    ],
    ['misspelled prefix', { env: { QUEUE_PREFX: 'x' } }, 'QUEUE_PREFX', /"QUEUE_PREFIX"/],
    [
      'production without a Redis',
      { env: { NODE_ENV: 'production' } },
      'MESSAGE_QUEUE_PROVIDER',
      /"memory" by name/,
    ],
  ];

  itNames(mistakes);

  it('reports all at once', () => {
    const error = catchError({
      env: { REDIS_PORT: 'x', MESSAGE_QUEUE_ROLE: 'y', QUEUE_PREFX: 'z' },
      options: { rol: 'both', queues: { nope: {} } },
    });
    expect(error.issues.map(({ path }) => path).sort()).toEqual(
      ['REDIS_PORT', 'MESSAGE_QUEUE_ROLE', 'QUEUE_PREFX', 'rol', 'queues.nope'].sort(),
    );
    expect(error.message).toContain('5 settings are wrong');
    for (const { path } of error.issues) expect(error.message).toContain(`- ${path}: `);
  });

  it('never shows a password', () => {
    const urls = [
      'http://u:hunter2@h',
      'redis://u:hunter2@h/x',
      'u:hunter2@h',
      'redis://:hunter2@a,rediss://:hunter2@b',
    ];
    for (const REDIS_URL of urls) {
      const { message } = catchError({ env: { REDIS_URL } });
      expect(message).toContain('REDIS_URL');
      expect(message).not.toContain('hunter2');
    }
    const password = catchError({ options: { redis: { host: 'h', password: { hunter2: 'hunter2' } } } });
    expect(password.message).not.toContain('hunter2');
    const both = catchError({ env: { REDIS_URL: 'redis://:hunter2@h', REDIS_PASSWORD: 'hunter3' } });
    expect(both.message).not.toMatch(/hunter/);
  });

  function catchError(given: Given): InvalidConfigurationError {
    try {
      resolve(given);
    } catch (error) {
      if (error instanceof InvalidConfigurationError) return error;
    }
    throw new Error('The configuration was accepted.');
  }
});
