/**
 * Who may import whom. The first half is the architecture (docs/architecture.md), the second half is hygiene.
 * `type-only` imports vanish at run time, so some rules let them pass.
 */
const LIB = '^src/message-queue';
const KERNEL = '^src/kernel/';
const EVENTS = '^src/buffered-events/';
const TEST_FILES = '\\.spec\\.ts$';
/** The types that the inside shares: the inner seam, the validated configuration, the way to find a queue. */
const SEAMS = `${LIB}/(broker/(broker|activity-store|managed-queues|groups-of-queue)|message-queue\\.(options|tokens))\\.ts$`;

/** The package's entries: lists of what is public, for hosts. */
const QUEUE_ENTRIES = [
  `${LIB}/index\\.ts$`,
  `${LIB}/(queues|ports|operations|testing|adapters/[^/]+)/index\\.ts$`,
];
const ENTRIES = [...QUEUE_ENTRIES, `${EVENTS}(testing/|bridge/)?index\\.ts$`];

/** @param {string} folder @param {string[]} allowed @param {string} reason */
function onlyImports(name, folder, allowed, reason) {
  return {
    name,
    severity: 'error',
    comment: reason,
    from: { path: folder, pathNot: TEST_FILES },
    to: { path: '^src/', pathNot: allowed },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    onlyImports(
      'kernel-stands-alone',
      KERNEL,
      [KERNEL],
      'Both modules stand on the kernel: values, time, the connection to Redis and the base of every error. What knows of queues or jobs has a room of its own.',
    ),
    onlyImports(
      'jobs-are-words',
      `${LIB}/jobs/`,
      [`${LIB}/jobs/`, KERNEL],
      'The words of a job are used by every room, so they stand on nothing but the kernel.',
    ),
    onlyImports(
      'ports-stand-alone',
      `${LIB}/ports/`,
      [`${LIB}/(ports|jobs)/`, KERNEL],
      'A port is what a host implements: it must not drag anything of ours along but other ports and the words of a job.',
    ),
    onlyImports(
      'admission-judges-alone',
      `${LIB}/admission/`,
      [`${LIB}/(admission|ports|jobs)/`, `${LIB}/telemetry/traces/traceparent\\.ts$`, KERNEL],
      'Whether a job may be stored is decided alike for every queue and provider, and by nothing that runs it.',
    ),
    onlyImports(
      'handlers-know-no-run',
      `${LIB}/handlers/`,
      [`${LIB}/(handlers|admission|ports|jobs)/`, KERNEL],
      'Who handles a job is known before anything runs: a registry that knew runs or brokers could not be filled at start.',
    ),
    onlyImports(
      'execution-knows-no-broker',
      `${LIB}/execution/`,
      [`${LIB}/(execution|handlers|admission|privacy|ports|jobs|telemetry)/`, KERNEL],
      'How a run ends is decided alike on both providers: the executor decides, the broker stores.',
    ),
    onlyImports(
      'slices-use-jobs-and-ports',
      `${LIB}/queues/[^/]+/`,
      [
        `${LIB}/(queues|handlers|ports|jobs)/`,
        `${LIB}/admission/enqueue-check\\.ts$`,
        `${LIB}/privacy/sealed-fields\\.decorators\\.ts$`,
        KERNEL,
      ],
      'A processor talks to the outside only through a port; brokers, services and adapters are out of its reach.',
    ),
    {
      name: 'slices-never-meet',
      severity: 'error',
      comment:
        'A queue is a vertical slice that changes alone; batch fans out through a port, not through delivery.',
      from: { path: `${LIB}/queues/([^/]+)/`, pathNot: TEST_FILES },
      to: {
        path: `${LIB}/queues/`,
        pathNot: [`${LIB}/queues/$1/`, `${LIB}/queues/(?!queue-definitions|index)[^/]+\\.ts$`],
      },
    },
    onlyImports(
      'broker-uses-jobs',
      `${LIB}/broker/`,
      [`${LIB}/(broker|admission|jobs)/`, KERNEL, SEAMS],
      'Where queues live is decided below the rules for jobs; a broker that knew the six queues could not host a seventh.',
    ),
    onlyImports(
      'rules-stand-below-both-providers',
      `${LIB}/broker/rules/`,
      [`${LIB}/(broker/rules|admission|jobs)/`, KERNEL],
      'A rule that knew a provider, or the seam above them, would be a rule of one of them.',
    ),
    onlyImports(
      'registry-knows-no-provider',
      `${LIB}/broker/registry/`,
      [`${LIB}/(broker/(registry|rules)|jobs)/`, KERNEL, SEAMS],
      'Which queues an app has does not depend on where their jobs are kept.',
    ),
    onlyImports(
      'redis-scripts-are-text',
      `${LIB}/broker/redis/scripts/`,
      [`${LIB}/broker/redis/scripts/`],
      'What one script does is read from its Lua and the snippets it is made of; who runs it is another question.',
    ),
    onlyImports(
      'redis-connections-know-no-queue',
      `${LIB}/broker/redis/connections/`,
      [`${LIB}/broker/(redis/(connections|scripts)|rules)/`, `${LIB}/jobs/`, KERNEL, SEAMS],
      'Connections are shared by all queues: what waits, adds or works stands above them.',
    ),
    {
      name: 'redis-rooms-never-meet',
      severity: 'error',
      comment:
        'Adding, working, administration and activity share connections, scripts and the queue, and know nothing of each other.',
      from: { path: `${LIB}/broker/redis/(adding|working|administration|activity)/`, pathNot: TEST_FILES },
      to: {
        path: `${LIB}/broker/redis/(adding|working|administration|activity)/`,
        // What all processes do is looked at together with the queues, in one round trip.
        pathNot: [`${LIB}/broker/redis/$1/`, `${LIB}/broker/redis/administration/snapshot-reader\\.ts$`],
      },
    },
    {
      name: 'providers-never-meet',
      severity: 'error',
      comment:
        'The memory provider must run with nothing installed, and its specification is the conformance suite, not Redis code.',
      from: { path: `${LIB}/broker/(redis|memory)/`, pathNot: TEST_FILES },
      to: { path: `${LIB}/broker/(redis|memory|sync)/`, pathNot: `${LIB}/broker/$1/` },
    },
    onlyImports(
      'sync-is-made-of-memory',
      `${LIB}/broker/sync/`,
      [`${LIB}/broker/(sync|memory|rules)/`, `${LIB}/broker/[^/]+\\.ts$`, `${LIB}/(admission|jobs)/`, KERNEL],
      'Jobs that run where they are added are stored as in memory, and have nothing to do with Redis.',
    ),
    {
      name: 'only-the-wiring-runs-jobs-in-adds',
      severity: 'error',
      comment:
        'Whether an add runs its job is decided where the app is put together; nobody else may count on it.',
      from: {
        path: '^src/',
        pathNot: [`${LIB}/broker/sync/`, `${LIB}/wiring/`, `${LIB}/testing/`, TEST_FILES],
      },
      to: { path: `${LIB}/broker/sync/` },
    },
    onlyImports(
      'memory-store-knows-no-bull',
      `${LIB}/broker/memory/store/`,
      [
        `${LIB}/broker/(memory/store|rules)/`,
        `${LIB}/broker/[^/]+\\.ts$`,
        `${LIB}/(admission|jobs)/`,
        KERNEL,
      ],
      'What keeps jobs in memory would be the same without Bull; what exists only to be equal to it stands above, in bull/.',
    ),
    onlyImports(
      'policies-use-the-inner-seam',
      `${LIB}/(dead-letter|finding|resilience|monitoring)/`,
      [
        `${LIB}/(dead-letter|finding|resilience|monitoring|execution|jobs|ports)/`,
        `${LIB}/queues/queue-name\\.ts$`,
        `${LIB}/privacy/keys/ring-key-watch\\.ts$`,
        // What cannot be taken back is written down first.
        `${LIB}/privacy/audit/(queue-audit|privacy-call|operator-log)\\.ts$`,
        `${LIB}/broker/rules/schedules/schedule-care\\.ts$`,
        // Queues that only other processes have.
        `${LIB}/broker/registry/announced-queues\\.ts$`,
        KERNEL,
        SEAMS,
      ],
      'Dead letters, breakers and monitoring hold on both providers because they know only the abstract broker.',
    ),
    onlyImports(
      'operations-use-the-services',
      `${LIB}/operations/`,
      [
        `${LIB}/(operations|monitoring|dead-letter|finding|jobs)/`,
        // Alerts go out by the same signed, guarded webhooks as messages, and by the app's own mail.
        `${LIB}/(adapters/shared/webhook|ports/alerts)/`,
        `${LIB}/ports/notifications/notification-channel\\.ts$`,
        `${LIB}/privacy/`,
        KERNEL,
        `${LIB}/schedules/(schedules|schedule-status)\\.ts$`,
        `${LIB}/groups/`,
        `${LIB}/message-queue\\.service\\.ts$`,
        `${LIB}/worker/message-queue\\.worker\\.ts$`,
        `${LIB}/queues/queue-definitions\\.ts$`,
        `${LIB}/telemetry/`,
        // Which circuits are open is a metric.
        `${LIB}/ports/circuit-breakers\\.ts$`,
        // To copy what it cannot show.
        `${LIB}/admission/payloads/json-payload\\.ts$`,
        // For queues that this process has not registered, and the facade does not know.
        `${LIB}/facade/(announced-job|queue-administration)\\.ts$`,
        SEAMS,
      ],
      'The board and the REST surface show what services say; they never work around them.',
    ),
    {
      name: 'activity-knows-no-alert',
      severity: 'error',
      comment: 'What happened is counted and told whether or not somebody is told of it; alerts stand above.',
      from: { path: `${LIB}/monitoring/activity/`, pathNot: TEST_FILES },
      to: { path: `${LIB}/monitoring/alerts/` },
    },
    {
      name: 'parts-of-operations-never-meet',
      severity: 'error',
      comment:
        'Each part can be left out, and is loaded where it is mounted. They share access, http, the frame of pages, and what of a job may be shown.',
      from: { path: `${LIB}/operations/(board|console|rest|metrics|probes|alerts)/`, pathNot: TEST_FILES },
      to: {
        path: `${LIB}/operations/(board|console|rest|metrics|probes|alerts)/`,
        pathNot: [`${LIB}/operations/$1/`, `${LIB}/operations/board/(pages/|view/|board\\.module\\.ts$)`],
      },
    },
    {
      name: 'doors-know-no-part',
      severity: 'error',
      comment: 'Who may come in is asked before anything else, and of every part alike.',
      from: { path: `${LIB}/operations/(access|http)/`, pathNot: TEST_FILES },
      to: {
        path: `${LIB}/operations/(board|console|rest|metrics|probes|alerts)/`,
        // The board's own ways in, which are older than the others.
        pathNot: `${LIB}/operations/board/board-access\\.ts$`,
      },
    },
    onlyImports(
      'command-line-needs-no-app',
      `${LIB}/cli/`,
      [
        `${LIB}/(cli|broker|configuration|jobs|monitoring|dead-letter|finding|admission)/`,
        `${LIB}/schedules/(schedules-of-queue|schedule-status)\\.ts$`,
        `${LIB}/facade/announced-job\\.ts$`,
        // What it does is noted where that of an app is.
        `${LIB}/privacy/audit/(queue-audit|audit-chain)\\.ts$`,
        KERNEL,
      ],
      'Commands work on Redis while no app runs: they know the services beneath the interfaces of an app, and neither Nest nor what is wired together.',
    ),
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      comment: 'It is a program of its own; what others need of it lies below it.',
      from: { path: '^src/', pathNot: [`${LIB}/cli/`, TEST_FILES] },
      to: { path: `${LIB}/cli/` },
    },
    onlyImports(
      'adapters-implement-ports',
      `${LIB}/adapters/[^/]+/`,
      [`${LIB}/(adapters|ports|jobs)/`, KERNEL],
      'An adapter ships as an entry of its own: it implements ports and loads one outside library, nothing else of ours.',
    ),
    {
      name: 'adapters-never-meet',
      severity: 'error',
      comment: 'A host that picks one adapter must not load the library of another.',
      from: { path: `${LIB}/adapters/([^/]+)/`, pathNot: TEST_FILES },
      to: { path: `${LIB}/adapters/`, pathNot: [`${LIB}/adapters/$1/`, `${LIB}/adapters/shared/`] },
    },
    onlyImports(
      'job-traces-use-the-inner-seam',
      `${LIB}/privacy/job-traces/`,
      [`${LIB}/(privacy|ports|jobs)/`, KERNEL, SEAMS],
      'Queues hold traces like any store; what finds them is the same on both providers.',
    ),
    onlyImports(
      'privacy-stands-on-ports',
      `${LIB}/privacy/(?!job-traces/)`,
      [`${LIB}/(privacy|ports|jobs)/`, `${LIB}/adapters/shared/sealing/`, KERNEL],
      'What seals, opens and erases is called at the end of admission and at the start of a run: it knows neither of them, no broker and no queue. The engine of envelopes it shares with the ciphers.',
    ),
    onlyImports(
      'telemetry-stands-on-jobs',
      `${LIB}/telemetry/`,
      [`${LIB}/(telemetry|jobs)/`, KERNEL],
      'What is logged and traced of jobs is told by whoever adds and runs them, and asks nobody.',
    ),
    onlyImports(
      'suppressions-stand-on-ports',
      `${LIB}/suppressions/`,
      [`${LIB}/(suppressions|ports|jobs)/`, `${LIB}/privacy/audit/audit-chain\\.ts$`, KERNEL],
      'Which destinations are dead is remembered in a store of the app, and that one is lifted in the audit: no queue and no broker is asked.',
    ),
    onlyImports(
      'facade-uses-the-road',
      `${LIB}/facade/`,
      [
        `${LIB}/(facade|admission|handlers|jobs|ports)/`,
        `${LIB}/finding/job-state\\.ts$`,
        KERNEL,
        `${LIB}/telemetry/traces/job-traces\\.ts$`,
        `${LIB}/queues/(queue-definitions\\.ts$|[^/]+/[^/]+\\.dto\\.ts$)`,
        `${LIB}/broker/registry/registered-queues\\.ts$`,
        `${LIB}/privacy/audit/(queue-audit|privacy-call)\\.ts$`,
        SEAMS,
      ],
      'What the facade does with a job is the same on both providers and for every queue: it knows payloads, not processors, adapters or who put the app together.',
    ),
    onlyImports(
      'schedules-add-as-hosts-do',
      `${LIB}/schedules/`,
      [
        `${LIB}/(schedules|admission|jobs)/`,
        KERNEL,
        `${LIB}/facade/(job-enqueuer|job-receipt|payload-input)\\.ts$`,
        `${LIB}/broker/(rules/schedules/|registry/registered-queues\\.ts$)`,
        `${LIB}/queues/(queue-name|[^/]+/[^/]+\\.dto)\\.ts$`,
        SEAMS,
      ],
      'A scheduled job takes the road of every job, from its first step on; a schedule that reached past the enqueuer would skip checks.',
    ),
    onlyImports(
      'groups-use-the-inner-seam',
      `${LIB}/groups/`,
      [
        `${LIB}/(groups|jobs)/`,
        `${LIB}/facade/broker-answer\\.ts$`,
        `${LIB}/privacy/audit/(queue-audit|privacy-call)\\.ts$`,
        KERNEL,
        SEAMS,
      ],
      'What people do to groups is the same on both providers: the broker says what a slot is, and moves the jobs.',
    ),
    onlyImports(
      'worker-starts-and-stops',
      `${LIB}/worker/`,
      [`${LIB}/(worker|execution|jobs)/`, `${LIB}/broker/registry/registered-queues\\.ts$`, KERNEL, SEAMS],
      'When work starts and stops is the same for every queue and provider.',
    ),
    onlyImports(
      'configuration-opens-nothing',
      `${LIB}/configuration/`,
      [
        `${LIB}/(configuration|admission|jobs)/`,
        `${LIB}/privacy/privacy-settings\\.ts$`,
        `${LIB}/queues/queue-name\\.ts$`,
        `${LIB}/execution/job-middleware\\.ts$`,
        `${LIB}/(resilience/breaker-settings|monitoring/health-thresholds|operations/(operations-settings|board/board-access|access/access-settings|access/sign-in/users|access/sign-in/user-list))\\.ts$`,
        KERNEL,
        `${LIB}/telemetry/(logs/log|traces/trace)-settings\\.ts$`,
        `${LIB}/schedules/(default-schedules|resolve-schedules|schedule-declaration)\\.ts$`,
        `${LIB}/broker/redis/connections/redis-settings\\.ts$`,
        `${LIB}/message-queue\\.options\\.ts$`,
      ],
      'Every setting is checked before anything is opened, and the documents are generated without an app: it decides values and loads nothing that runs.',
    ),
    onlyImports(
      'wiring-picks-only-built-in-adapters',
      `${LIB}/wiring/`,
      [
        `${LIB}/(?!adapters/|testing/|index\\.ts)`,
        KERNEL,
        `${LIB}/adapters/(in-memory|node-crypto)/index\\.ts$`,
      ],
      'The wiring knows every part, and of the adapters those that need nothing installed: the others are for the host to pick.',
    ),
    {
      name: 'only-the-module-knows-the-wiring',
      severity: 'error',
      comment:
        'How the parts are put together is the last thing to know of them: what they share lives below them, in jobs/ or broker/.',
      from: { path: '^src/', pathNot: [`${LIB}/wiring/`, `${LIB}/message-queue\\.module\\.ts$`, TEST_FILES] },
      to: { path: `${LIB}/wiring/` },
    },
    onlyImports(
      'test-kit-uses-the-module-and-memory',
      `${LIB}/testing/`,
      [
        `${LIB}/(testing|admission|execution|jobs|ports)/`,
        KERNEL,
        `${LIB}/facade/(payload-input|dispatch/queued-(delivery|digest)-dispatch)\\.ts$`,
        `${LIB}/groups/`,
        `${LIB}/broker/(memory|sync)/`,
        `${LIB}/(dead-letter/retention-sweeper|schedules/schedule-reconciler|monitoring/alerts/alert-watches|monitoring/activity/activity-reporters)\\.ts$`,
        `${LIB}/adapters/(in-memory|node-crypto)/index\\.ts$`,
        `${LIB}/message-queue\\.module\\.ts$`,
        SEAMS,
      ],
      'A test runs what production runs, through the module, on the in-memory provider: a kit that reached into Redis or the wiring would test something else.',
    ),
    {
      name: 'library-never-imports-the-test-kit',
      severity: 'error',
      comment: 'The test kit stands on the library; a production process must not load it.',
      from: { path: `${LIB}/`, pathNot: [`${LIB}/testing/`, TEST_FILES] },
      to: { path: `${LIB}/testing/` },
    },
    {
      ...onlyImports(
        'buffered-events-stand-on-the-kernel',
        EVENTS,
        [EVENTS, KERNEL],
        'Events in memory need no queue: who has no Redis must not load what speaks to it. What brings both together is the bridge.',
      ),
      from: { path: EVENTS, pathNot: [`${EVENTS}bridge/`, TEST_FILES] },
    },
    onlyImports(
      'bridge-uses-the-entries',
      `${EVENTS}bridge/`,
      [EVENTS, KERNEL, ...QUEUE_ENTRIES],
      'The bridge does what a host could do: it knows of the queues what is public.',
    ),
    onlyImports(
      'event-words-stand-alone',
      `${EVENTS}events/`,
      [`${EVENTS}events/`, KERNEL],
      'The words of an event, and who handles it, are used by every room of buffered events.',
    ),
    onlyImports(
      'event-buffer-is-memory',
      `${EVENTS}buffer/`,
      [`${EVENTS}(buffer|events)/`, KERNEL],
      'What stands in shared memory, and how it is claimed, is tested alone: no bus, no threads, no timers.',
    ),
    {
      name: 'event-buffer-knows-no-nest',
      severity: 'error',
      comment: 'Worker threads and tests use the buffer without an app.',
      from: { path: `${EVENTS}buffer/`, pathNot: TEST_FILES },
      to: { path: 'node_modules/@nestjs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'buffered-events-never-import-their-test-kit',
      severity: 'error',
      comment: 'The test kit stands on the bus; a production process must not load it.',
      from: { path: EVENTS, pathNot: [`${EVENTS}testing/`, TEST_FILES] },
      to: { path: `${EVENTS}testing/` },
    },
    {
      name: 'event-entries-are-for-hosts',
      severity: 'error',
      comment:
        'An entry lists what is public; inside, an import through it would load all of it, in a circle.',
      from: { path: EVENTS, pathNot: TEST_FILES },
      to: { path: `${EVENTS}((testing|bridge)/)?index\\.ts$` },
    },
    {
      name: 'library-never-imports-a-host',
      severity: 'error',
      comment: 'The reference app is one host among many; the package does not contain it.',
      from: { path: `${LIB}/` },
      to: { path: '^src/', pathNot: [`${LIB}/`, KERNEL] },
    },
    {
      name: 'entries-are-for-hosts',
      severity: 'error',
      comment:
        'An entry lists what is public and is read by hosts; inside, an import through it would load all of it, in a circle.',
      from: { path: `${LIB}/`, pathNot: TEST_FILES },
      to: { path: [`${LIB}/index\\.ts$`, `${LIB}/(queues|ports|operations|testing)/index\\.ts$`] },
    },
    {
      name: 'hosts-use-the-public-api',
      severity: 'error',
      comment: 'The reference app must compile against what a host gets from the package: its entries.',
      from: { path: '^src/', pathNot: [`${LIB}/`, EVENTS, KERNEL, TEST_FILES] },
      to: {
        path: [`${LIB}/`, EVENTS, KERNEL],
        pathNot: ENTRIES,
      },
    },
    {
      name: 'bull-and-ioredis-only-in-broker',
      severity: 'error',
      comment:
        'Whatever runs must run on both providers. Types of Bull are the outer seam; its code stays behind the inner one. Who needs Redis alone asks the kernel for a client.',
      from: { path: '^src/', pathNot: [`${KERNEL}redis/`, `${LIB}/broker/`, TEST_FILES] },
      to: { path: 'node_modules/(bull|ioredis)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'connections-know-no-queue',
      severity: 'error',
      comment: 'The Socket.IO adapter needs a connection to Redis as well, but no queue.',
      from: { path: `${KERNEL}redis/` },
      to: { path: 'node_modules/bull/', dependencyTypesNot: ['type-only'] },
    },

    {
      name: 'nothing-reaches-build-output',
      severity: 'error',
      comment: 'A build may be stale or missing; sources import sources.',
      from: { path: '^(src|bench|test|scripts)/', pathNot: '^test/packaging/' },
      to: { path: '^dist' },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      comment: 'What ships must not depend on what tests it.',
      from: { path: '^src/', pathNot: TEST_FILES },
      to: { path: ['^(test|bench|scripts)/', TEST_FILES] },
    },
    {
      name: 'no-dev-dependencies-in-the-library',
      severity: 'error',
      comment: 'A host installs dependencies and peers, never our development tools.',
      from: { path: [`${LIB}/`, EVENTS, KERNEL], pathNot: TEST_FILES },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
      },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'A package that only happens to be installed is missing in the host.',
      from: { path: '^(src|bench|test|scripts)/' },
      // An optional peer counts as `npm-no-pkg` too, beside its own kind.
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-dev', 'npm-peer', 'npm-optional'],
      },
    },
    {
      name: 'no-unresolvable-imports',
      severity: 'error',
      comment: 'An import that resolves to nothing fails at run time.',
      from: { path: '^(src|bench|test|scripts)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Files that load each other see half-initialised classes, and decorators turn that into undefined tokens; types that need each other are one question in two files.',
      from: { path: '^(src|bench|test|scripts)/' },
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Foreign hosts, and files for the browser, which knows addresses instead of paths.
    exclude: {
      path: ['^test/packaging/snippets/', '^src/chat/page/', '/socket-io/client/', '/console/assets/'],
    },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.js', '.cjs', '.mjs', '.d.ts', '.json'],
    },
  },
};
