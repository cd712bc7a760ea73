import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string; readonly severity: string };
}

const LIBRARY = 'src/message-queue';
const EVENTS = 'src/buffered-events';

/** Files that exist to be imported. */
const TARGETS = [
  `${LIBRARY}/index.ts`,
  `${LIBRARY}/message-queue.service.ts`,
  `${LIBRARY}/jobs/target.ts`,
  `${LIBRARY}/cli/target.ts`,
  'src/kernel/target.ts',
  `${LIBRARY}/handlers/target.ts`,
  `${LIBRARY}/execution/target.ts`,
  `${LIBRARY}/broker/broker.ts`,
  `${LIBRARY}/broker/rules/target.ts`,
  `${LIBRARY}/broker/memory/target.ts`,
  `${LIBRARY}/broker/memory/bull/target.ts`,
  `${LIBRARY}/broker/sync/target.ts`,
  `${LIBRARY}/broker/redis/target.ts`,
  `${LIBRARY}/broker/redis/working/target.ts`,
  `${LIBRARY}/broker/redis/administration/snapshot-reader.ts`,
  `${LIBRARY}/monitoring/alerts/target.ts`,
  `${LIBRARY}/operations/access/target.ts`,
  `${LIBRARY}/operations/board/board-access.ts`,
  `${LIBRARY}/operations/board/target.ts`,
  `${LIBRARY}/operations/board/view/target.ts`,
  `${LIBRARY}/operations/rest/target.ts`,
  `${LIBRARY}/queues/delivery/target.ts`,
  `${LIBRARY}/queues/delivery/target.dto.ts`,
  `${LIBRARY}/queues/queue-definitions.ts`,
  `${LIBRARY}/queues/queue-name.ts`,
  `${LIBRARY}/facade/job-enqueuer.ts`,
  `${LIBRARY}/facade/target.ts`,
  `${LIBRARY}/facade/dispatch/queued-digest-dispatch.ts`,
  `${LIBRARY}/schedules/resolve-schedules.ts`,
  `${LIBRARY}/schedules/target.ts`,
  `${LIBRARY}/wiring/target.ts`,
  `${LIBRARY}/adapters/first/index.ts`,
  `${LIBRARY}/adapters/in-memory/index.ts`,
  `${LIBRARY}/ports/index.ts`,
  `${LIBRARY}/queues/index.ts`,
  `${LIBRARY}/worker/message-queue.worker.ts`,
  `${LIBRARY}/testing/index.ts`,
  `${EVENTS}/index.ts`,
  `${EVENTS}/bus/target.ts`,
  `${EVENTS}/events/target.ts`,
  `${EVENTS}/testing/target.ts`,
  'src/chat/target.ts',
  'test/target.ts',
  'dist/target.ts',
];

/** File, import statement, and the rule that it must break; null: allowed. */
const IMPORTS: readonly (readonly [file: string, statement: string, rule: string | null])[] = [
  ['src/kernel/a.ts', `import '../message-queue/jobs/target.js'`, 'kernel-stands-alone'],
  ['src/kernel/b.ts', `import './target.js'`, null],
  [`${EVENTS}/bus/a.ts`, `import '../../message-queue/index.js'`, 'buffered-events-stand-on-the-kernel'],
  [`${EVENTS}/bus/b.ts`, `import '../../kernel/target.js'`, null],
  [`${EVENTS}/bus/c.ts`, `import '../testing/target.js'`, 'buffered-events-never-import-their-test-kit'],
  [`${EVENTS}/bus/d.ts`, `import '../index.js'`, 'event-entries-are-for-hosts'],
  [`${EVENTS}/bridge/a.ts`, `import '../../message-queue/jobs/target.js'`, 'bridge-uses-the-entries'],
  [`${EVENTS}/bridge/b.ts`, `import '../../message-queue/index.js'`, null],
  [`${EVENTS}/events/a.ts`, `import '../bus/target.js'`, 'event-words-stand-alone'],
  [`${EVENTS}/buffer/a.ts`, `import '../bus/target.js'`, 'event-buffer-is-memory'],
  [`${EVENTS}/buffer/b.ts`, `import '@nestjs/common'`, 'event-buffer-knows-no-nest'],
  [`${EVENTS}/buffer/c.ts`, `import '../events/target.js'`, null],
  [`${LIBRARY}/jobs/events.ts`, `import '../../buffered-events/index.js'`, 'library-never-imports-a-host'],
  ['src/chat/events.ts', `import '../buffered-events/bus/target.js'`, 'hosts-use-the-public-api'],
  ['src/chat/events-entry.ts', `import '../buffered-events/index.js'`, null],
  [`${LIBRARY}/admission/a.ts`, `import '../handlers/target.js'`, 'admission-judges-alone'],
  [`${LIBRARY}/admission/b.ts`, `import '../../kernel/target.js'`, null],
  [`${LIBRARY}/handlers/a.ts`, `import '../execution/target.js'`, 'handlers-know-no-run'],
  [`${LIBRARY}/execution/a.ts`, `import '../broker/broker.js'`, 'execution-knows-no-broker'],
  [`${LIBRARY}/execution/b.ts`, `import '../handlers/target.js'`, null],
  [`${LIBRARY}/privacy/a.ts`, `import '../broker/broker.js'`, 'privacy-stands-on-ports'],
  [`${LIBRARY}/privacy/b.ts`, `import '../jobs/target.js'`, null],
  [`${LIBRARY}/suppressions/a.ts`, `import '../broker/broker.js'`, 'suppressions-stand-on-ports'],
  [`${LIBRARY}/suppressions/b.ts`, `import '../jobs/target.js'`, null],
  [`${LIBRARY}/telemetry/traces/a.ts`, `import '../../broker/broker.js'`, 'telemetry-stands-on-jobs'],
  [`${LIBRARY}/telemetry/traces/b.ts`, `import '../../jobs/target.js'`, null],
  [
    `${LIBRARY}/privacy/job-traces/a.ts`,
    `import '../../broker/redis/target.js'`,
    'job-traces-use-the-inner-seam',
  ],
  [`${LIBRARY}/privacy/job-traces/b.ts`, `import '../../broker/broker.js'`, null],
  [`${LIBRARY}/groups/a.ts`, `import '../broker/memory/target.js'`, 'groups-use-the-inner-seam'],
  [`${LIBRARY}/groups/b.ts`, `import '../broker/broker.js'`, null],
  [`${LIBRARY}/worker/a.ts`, `import '../broker/redis/target.js'`, 'worker-starts-and-stops'],
  [`${LIBRARY}/worker/b.ts`, `import '../broker/broker.js'`, null],
  [`${LIBRARY}/ports/a.ts`, `import '../broker/broker.js'`, 'ports-stand-alone'],
  [`${LIBRARY}/ports/b.ts`, `import '../jobs/target.js'`, null],
  [`${LIBRARY}/jobs/a.ts`, `import '../queues/delivery/target.js'`, 'jobs-are-words'],
  [`${LIBRARY}/jobs/b.ts`, `import '../broker/broker.js'`, 'jobs-are-words'],
  [`${LIBRARY}/jobs/c.ts`, `import type { value } from '../broker/broker.js'`, 'jobs-are-words'],
  [`${LIBRARY}/queues/batch/a.ts`, `import '../delivery/target.js'`, 'slices-never-meet'],
  [`${LIBRARY}/queues/batch/b.ts`, `import '../../broker/broker.js'`, 'slices-use-jobs-and-ports'],
  [`${LIBRARY}/queues/batch/c.ts`, `import '../../jobs/target.js'`, null],
  [`${LIBRARY}/broker/redis/a.ts`, `import '../../queues/delivery/target.js'`, 'broker-uses-jobs'],
  [`${LIBRARY}/broker/redis/b.ts`, `import '../memory/target.js'`, 'providers-never-meet'],
  [`${LIBRARY}/broker/memory/c.ts`, `import '../sync/target.js'`, 'providers-never-meet'],
  [`${LIBRARY}/broker/sync/a.ts`, `import '../redis/target.js'`, 'sync-is-made-of-memory'],
  [`${LIBRARY}/broker/sync/b.ts`, `import '../memory/target.js'`, null],
  [`${LIBRARY}/facade/s.ts`, `import '../broker/sync/target.js'`, 'only-the-wiring-runs-jobs-in-adds'],
  [`${LIBRARY}/wiring/s.ts`, `import '../broker/sync/target.js'`, null],
  [`${LIBRARY}/broker/memory/store/a.ts`, `import '../bull/target.js'`, 'memory-store-knows-no-bull'],
  [`${LIBRARY}/broker/memory/bull/a.ts`, `import '../target.js'`, null],
  [`${LIBRARY}/broker/redis/c.ts`, `import 'bull'`, null],
  [`${LIBRARY}/broker/memory/a.ts`, `import '../redis/target.js'`, 'providers-never-meet'],
  [`${LIBRARY}/broker/memory/b.ts`, `import '../rules/target.js'`, null],
  [`${LIBRARY}/broker/redis/adding/a.ts`, `import '../working/target.js'`, 'redis-rooms-never-meet'],
  [`${LIBRARY}/broker/redis/activity/a.ts`, `import '../working/target.js'`, 'redis-rooms-never-meet'],
  [`${LIBRARY}/broker/redis/activity/b.ts`, `import '../administration/snapshot-reader.js'`, null],
  [`${LIBRARY}/broker/redis/scripts/a.ts`, `import '../target.js'`, 'redis-scripts-are-text'],
  [`${LIBRARY}/broker/redis/connections/a.ts`, `import '../target.js'`, 'redis-connections-know-no-queue'],
  [`${LIBRARY}/broker/redis/connections/b.ts`, `import '../../rules/target.js'`, null],
  [`${LIBRARY}/broker/rules/a.ts`, `import '../redis/target.js'`, 'rules-stand-below-both-providers'],
  [`${LIBRARY}/broker/rules/b.ts`, `import '../broker.js'`, 'rules-stand-below-both-providers'],
  [`${LIBRARY}/broker/rules/c.ts`, `import '../../jobs/target.js'`, null],
  [`${LIBRARY}/broker/registry/a.ts`, `import '../memory/target.js'`, 'registry-knows-no-provider'],
  [`${LIBRARY}/broker/registry/b.ts`, `import '../broker.js'`, null],
  [`${LIBRARY}/dead-letter/a.ts`, `import '../broker/memory/target.js'`, 'policies-use-the-inner-seam'],
  [`${LIBRARY}/dead-letter/b.ts`, `import '../broker/broker.js'`, null],
  [`${LIBRARY}/dead-letter/c.ts`, `import 'bull'`, 'bull-and-ioredis-only-in-broker'],
  [`${LIBRARY}/dead-letter/d.ts`, `import type { Job } from 'bull'`, null],
  [`${LIBRARY}/monitoring/a.ts`, `import 'ioredis'`, 'bull-and-ioredis-only-in-broker'],
  [`${LIBRARY}/monitoring/names.ts`, `import '../queues/queue-name.js'`, null],
  [`${LIBRARY}/monitoring/activity/a.ts`, `import '../alerts/target.js'`, 'activity-knows-no-alert'],
  [`${LIBRARY}/operations/console/a.ts`, `import '../rest/target.js'`, 'parts-of-operations-never-meet'],
  [`${LIBRARY}/operations/rest/a.ts`, `import '../board/target.js'`, 'parts-of-operations-never-meet'],
  [`${LIBRARY}/operations/rest/b.ts`, `import '../board/view/target.js'`, null],
  [`${LIBRARY}/operations/rest/c.ts`, `import '../access/target.js'`, null],
  [`${LIBRARY}/operations/access/a.ts`, `import '../rest/target.js'`, 'doors-know-no-part'],
  [`${LIBRARY}/operations/access/b.ts`, `import '../board/board-access.js'`, null],
  [`${LIBRARY}/operations/a.ts`, `import '../broker/memory/target.js'`, 'operations-use-the-services'],
  [`${LIBRARY}/operations/b.ts`, `import '../message-queue.service.js'`, null],
  [`${LIBRARY}/operations/c.ts`, `import '../worker/message-queue.worker.js'`, null],
  [`${LIBRARY}/adapters/second/a.ts`, `import '../../message-queue.service.js'`, 'adapters-implement-ports'],
  [`${LIBRARY}/adapters/second/b.ts`, `import '../first/index.js'`, 'adapters-never-meet'],
  [`${LIBRARY}/cli/a.ts`, `import '../message-queue.service.js'`, 'command-line-needs-no-app'],
  [`${LIBRARY}/cli/b.ts`, `import '../broker/redis/target.js'`, null],
  [`${LIBRARY}/monitoring/cli.ts`, `import '../cli/target.js'`, 'nothing-imports-the-command-line'],
  [`${LIBRARY}/facade/a.ts`, `import '../queues/delivery/target.js'`, 'facade-uses-the-road'],
  [`${LIBRARY}/facade/b.ts`, `import '../adapters/first/index.js'`, 'facade-uses-the-road'],
  [`${LIBRARY}/facade/c.ts`, `import '../broker/redis/target.js'`, 'facade-uses-the-road'],
  [`${LIBRARY}/facade/d.ts`, `import '../wiring/target.js'`, 'only-the-module-knows-the-wiring'],
  [`${LIBRARY}/facade/e.ts`, `import '../queues/delivery/target.dto.js'`, null],
  [`${LIBRARY}/facade/f.ts`, `import '../queues/queue-definitions.js'`, null],
  [`${LIBRARY}/schedules/a.ts`, `import '../facade/target.js'`, 'schedules-add-as-hosts-do'],
  [`${LIBRARY}/schedules/b.ts`, `import '../broker/redis/target.js'`, 'schedules-add-as-hosts-do'],
  [`${LIBRARY}/schedules/c.ts`, `import '../facade/job-enqueuer.js'`, null],
  [`${LIBRARY}/configuration/a.ts`, `import '../broker/broker.js'`, 'configuration-opens-nothing'],
  [`${LIBRARY}/configuration/b.ts`, `import '../schedules/target.js'`, 'configuration-opens-nothing'],
  [`${LIBRARY}/configuration/names.ts`, `import '../queues/queue-name.js'`, null],
  [`${LIBRARY}/configuration/c.ts`, `import '../schedules/resolve-schedules.js'`, null],
  [`${LIBRARY}/wiring/a.ts`, `import '../adapters/first/index.js'`, 'wiring-picks-only-built-in-adapters'],
  [`${LIBRARY}/wiring/b.ts`, `import '../index.js'`, 'wiring-picks-only-built-in-adapters'],
  [`${LIBRARY}/wiring/c.ts`, `import '../adapters/in-memory/index.js'`, null],
  [`${LIBRARY}/message-queue.service.ts`, `import './wiring/target.js'`, 'only-the-module-knows-the-wiring'],
  [`${LIBRARY}/message-queue.module.ts`, `import './wiring/target.js'`, null],
  [`${LIBRARY}/testing/a.ts`, `import '../wiring/target.js'`, 'test-kit-uses-the-module-and-memory'],
  [`${LIBRARY}/testing/b.ts`, `import '../broker/redis/target.js'`, 'test-kit-uses-the-module-and-memory'],
  [`${LIBRARY}/testing/c.ts`, `import '../message-queue.module.js'`, null],
  [`${LIBRARY}/testing/d.ts`, `import '../broker/memory/target.js'`, null],
  // Jobs that processors add through a port are added as in production.
  [`${LIBRARY}/testing/e.ts`, `import '../facade/dispatch/queued-digest-dispatch.js'`, null],
  [`${LIBRARY}/testing/f.ts`, `import '../facade/target.js'`, 'test-kit-uses-the-module-and-memory'],
  [`${LIBRARY}/a.ts`, `import './testing/index.js'`, 'library-never-imports-the-test-kit'],
  [`${LIBRARY}/b.ts`, `import '../chat/target.js'`, 'library-never-imports-a-host'],
  [`${LIBRARY}/c.ts`, `import 'fast-check'`, 'no-dev-dependencies-in-the-library'],
  [`${LIBRARY}/d.ts`, `import './missing.js'`, 'no-unresolvable-imports'],
  [`${LIBRARY}/adapters/socket-io/a.ts`, `import 'ioredis'`, 'bull-and-ioredis-only-in-broker'],
  ['src/kernel/redis/a.ts', `import 'bull'`, 'connections-know-no-queue'],
  ['src/kernel/redis/b.ts', `import 'ioredis'`, null],
  [`${LIBRARY}/jobs/round.ts`, `import './round.js'`, 'no-cycles'],
  [`${LIBRARY}/jobs/round-types.ts`, `import type { A } from './round-types.js'`, 'no-cycles'],
  // There, because Bull needs it.
  [`${LIBRARY}/e.ts`, `import 'get-port'`, 'no-undeclared-packages'],
  [`${LIBRARY}/facade/entries.ts`, `import '../queues/index.js'`, 'entries-are-for-hosts'],
  [`${LIBRARY}/queues/batch/entries.ts`, `import '../index.js'`, 'entries-are-for-hosts'],
  ['src/chat/a.ts', `import '../message-queue/message-queue.service.js'`, 'hosts-use-the-public-api'],
  ['src/chat/entries.ts', `import '../message-queue/ports/index.js'`, null],
  ['src/chat/b.ts', `import '../message-queue/adapters/first/index.js'`, null],
  ['src/chat/c.ts', `import '../../dist/target.js'`, 'nothing-reaches-build-output'],
  ['src/chat/d.ts', `import '../../test/target.js'`, 'no-test-code-in-src'],
  ['src/chat/e.ts', `import 'some-package-nobody-declared'`, 'no-unresolvable-imports'],
];

/** Runs the project's rules over a tree that breaks each of them once. */
function cruise(directory: string): readonly Violation[] {
  for (const file of [...TARGETS, ...IMPORTS.map(([file]) => file)]) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
  }
  for (const file of TARGETS) writeFileSync(join(directory, file), 'export const value = 1;\n');
  for (const [file, statement] of IMPORTS) writeFileSync(join(directory, file), `${statement};\n`);
  for (const file of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json'])
    copyFileSync(file, join(directory, file));
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...[
        resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        '--config',
        '.dependency-cruiser.cjs',
      ],
      ...['--output-type', 'json', 'src'],
    ],
    { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { summary: { violations: readonly Violation[] } }).summary.violations;
}

describe('import boundaries', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-boundaries-'));
  let violations: readonly Violation[] = [];

  beforeAll(() => {
    violations = cruise(directory);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const rulesBrokenBy = (file: string): string[] =>
    violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);

  it.each(IMPORTS.filter(([, , rule]) => rule !== null))('%s: %s breaks %s', (file, _statement, rule) => {
    expect(rulesBrokenBy(file)).toContain(rule);
  });

  it.each(IMPORTS.filter(([, , rule]) => rule === null))('%s: %s is allowed', (file) => {
    expect(rulesBrokenBy(file)).toEqual([]);
  });

  it('has each rule of the project broken once', () => {
    const { forbidden } = createRequire(__filename)(resolve('.dependency-cruiser.cjs')) as {
      readonly forbidden: readonly { readonly name: string }[];
    };
    const broken = new Set(IMPORTS.map(([, , rule]) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
  });

  it('breaks the build with every rule', () => {
    expect(violations.every(({ rule }) => rule.severity === 'error')).toBe(true);
  });
});
