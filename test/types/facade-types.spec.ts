import { join } from 'node:path';
import ts from 'typescript';

const FOLDER = join(__dirname, 'virtual');
const LIBRARY = '../../../src/message-queue';

/** What every snippet stands on: the module's public entry, a facade and a queue of a host's own. */
const PREAMBLE = `
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { defineQueue, JobPriority, JobHandler, MessageQueueModule, MessageQueueService,
  NotificationType, QueueName, schedule } from '${LIBRARY}/index.js';
import { CLEANUP_QUEUE } from '${LIBRARY}/queues/index.js';
import { MessageTransport } from '${LIBRARY}/ports/index.js';
import type { QueueStats } from '${LIBRARY}/operations/index.js';
import type { BulkReceipt, JobContext, JobReceipt } from '${LIBRARY}/index.js';
declare const messageQueue: MessageQueueService;
declare const messageId: string, senderId: string, recipientId: string, recipientIds: string[], conversationId: string;
declare const content: string, title: string, message: string, createdAt: Date;
declare const pushPayload: { badge: number };
class ResizeJobDto { fileId!: string; width?: number; area(): number { return 1; } }
class MoveJobDto { fileId!: string; target!: string }
const FILES = defineQueue({ name: 'file-processing', description: 'Files.', jobs: { resize: ResizeJobDto, move: MoveJobDto },
  concurrency: 2, attempts: 3, backoff: { type: 'exponential', delayMs: 100 }, timeoutMs: 1000 });
`;

interface Snippet {
  readonly name: string;
  readonly code: string;
  /** Codes of TypeScript's errors, in any order; none: it compiles. */
  readonly errors: readonly number[];
}

const NOT_ASSIGNABLE = 2322;
const NOT_AN_ARGUMENT = 2345;
const NO_SUCH_PROPERTY = 2353;
const NO_OVERLOAD = 2769;
const DECORATOR_DOES_NOT_FIT = 1241;
const DID_YOU_MEAN = 2561;
const DID_YOU_MEAN_VALUE = 2820;
const DID_YOU_MEAN_PROPERTY = 2551;
const POSSIBLY_UNDEFINED = 2532;

const GOOD: Record<string, string> = {
  'the calls of the public surface': `
    await messageQueue.addMessageDeliveryJob({ messageId, senderId, recipientId, content, conversationId,
      requiresEncryption: true, createdAt: new Date() }, { priority: JobPriority.HIGH, delay: 0 });
    await messageQueue.addNotificationJob({ recipientId, type: NotificationType.PUSH, title, message, pushPayload, createdAt });
    await messageQueue.addIndexingJob({ messageId, operation: 'index', content, senderId, conversationId, createdAt });
    await messageQueue.addEncryptionJob({ messageId, operation: 'encrypt', content, algorithm: 'AES-256-GCM', createdAt });
    await messageQueue.addBatchMessageJob({ senderId, recipientIds, content, chunkSize: 50, chunkDelay: 200, createdAt });
    await messageQueue.addCleanupJob({ cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt },
      { repeat: { cron: '0 2 * * *' } });
    const metrics = await messageQueue.getQueueMetrics();
    const health  = await messageQueue.getQueueHealth(QueueName.MESSAGE_DELIVERY);
    const failed  = await messageQueue.getFailedJobs(QueueName.MESSAGE_DELIVERY, 100);
    const { queues, totals, timestamp }: { queues: object; totals: { waiting: number }; timestamp: Date } = metrics;
    void [queues, totals, timestamp, health.healthy, failed.length];`,
  'the six queues, picked or left out': `
    void [MessageQueueModule.forRoot({ builtInQueues: false }),
      MessageQueueModule.forRoot({ builtInQueues: ['message-delivery', QueueName.MESSAGE_CLEANUP] }),
      MessageQueueModule.forRootAsync({ useFactory: () => ({ builtInQueues: [QueueName.MESSAGE_DELIVERY] }) })];`,
  'metrics of the six by their names, of a host by its own': `
    const { queues } = await messageQueue.getQueueMetrics();
    const six: Readonly<Record<QueueName, QueueStats>> = queues;
    const all: QueueStats[] = Object.values(queues);
    void [queues['message-delivery'].waiting, queues[QueueName.MESSAGE_CLEANUP].active, queues[FILES.name]?.waiting,
      queues['file-processing']?.waiting, six, all];`,
  'registering the module': `
    @Module({ imports: [ConfigModule.forRoot(), MessageQueueModule] })
    class Plain {}
    class MyTransport extends MessageTransport {
      async deliver() { return { outcome: 'sent' } as never; }
      async announceStatus() {}
    }
    void [Plain,
      MessageQueueModule.forRoot({ provider: 'redis', redis: { url: 'redis://h' }, prefix: 'p', role: 'worker',
        queues: { 'message-delivery': { attempts: 3, backoff: { jitter: 0.1 } } }, isGlobal: false,
        adapters: [{ provide: MessageTransport, useClass: MyTransport }],
        middleware: [async (context, next) => { context.logger.log(context.jobId); return next(); }],
        board: { path: '/queues' } }),
      MessageQueueModule.forRootAsync({ imports: [ConfigModule], inject: ['X'], useFactory: async (x: string) => ({ prefix: x }) }),
      MessageQueueModule.registerQueue(FILES),
      MessageQueueModule.registerQueue(FILES, { schedules: [schedule('resize', { fileId: 'f' }, { cron: '0 2 * * *', tz: 'UTC' }),
        schedule('move', { fileId: 'f', target: 't' }, { every: 60_000, key: 'often' })] }),
      MessageQueueModule.registerQueue(CLEANUP_QUEUE, { schedules: [
        schedule('cleanup-messages', { cleanupType: 'old_messages', retentionDays: 9 }, { cron: '0 2 * * *', key: 'old_messages' })] }),
      MessageQueueModule.registerQueue(FILES, { configKey: 'archive' })];`,
  'a payload of a host, without its methods': `
    const receipt: JobReceipt = await messageQueue.enqueue(FILES, 'resize', { fileId: 'f', width: 3 });
    const many: BulkReceipt[] = await messageQueue.enqueueMany(FILES, 'move', [{ payload: { fileId: 'f', target: 't' } }]);
    void [receipt, many];`,
  'text for dates, words for closed sets': `
    await messageQueue.addDeliveryConfirmationJob({ messageId, recipientId, status: 'read', createdAt: '2026-01-01T00:00:00Z' });
    await messageQueue.addNotificationJob({ recipientId, type: 'push', title, message, createdAt });
    await messageQueue.addMessageDeliveryJobs([{ payload: { messageId, senderId, recipientId, content, conversationId, createdAt },
      options: { idempotencyKey: messageId, ttl: 1000, priority: 7, correlationId: 'c', metadata: { a: 1 } } }]);`,
  'schedules, made and looked after': `
    const made = await messageQueue.schedules.upsert(FILES, 'move', { fileId: 'f', target: 't' },
      { cron: '0 2 * * *', tz: 'UTC', key: 'nightly', priority: JobPriority.HIGH, attempts: 2, limit: 3 });
    const change: 'created' | 'updated' | 'unchanged' = made.change;
    const next: Date | null = (await messageQueue.schedules.pause('file-processing', 'nightly')).nextRunAt;
    const receipt: JobReceipt = await messageQueue.schedules.runNow('file-processing', 'nightly');
    const added = await messageQueue.enqueue(FILES, 'resize', { fileId: 'f' }, { repeat: { every: 5_000 } });
    void [change, next, receipt, added.schedule, (await messageQueue.schedules.list()).map(({ reason }) => reason)];`,
  'a handler': `
    class FileProcessor {
      @JobHandler('resize', { timeoutMs: 100 })
      async resize(payload: ResizeJobDto, context: JobContext) { await context.progress({ percentage: 1 }); return payload.fileId; }
    }
    void FileProcessor;`,
  'a handler beside its definition': `
    class FileProcessor {
      @JobHandler(FILES, 'resize', { timeoutMs: 100 })
      async resize(payload: ResizeJobDto, { scheduledFor }: JobContext) { return [payload.area(), scheduledFor?.getTime()]; }
      @JobHandler(FILES, 'move')
      move({ fileId }: { readonly fileId: string }): string { return fileId; }
    }
    void FileProcessor;`,
};

const BAD: readonly Snippet[] = [
  bad(
    'a payload of another queue',
    `await messageQueue.addMessageDeliveryJob({ messageId, operation: 'index', content, senderId, conversationId, createdAt });`,
    NO_SUCH_PROPERTY,
  ),
  bad(
    'a field that is missing',
    `await messageQueue.addDeliveryConfirmationJob({ messageId, recipientId, createdAt });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    'a field of the wrong type',
    `await messageQueue.addIndexingJob({ messageId: 5, operation: 'index', content, senderId, conversationId, createdAt });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'a word outside of its set',
    `await messageQueue.addIndexingJob({ messageId, operation: 'indxe', content, senderId, conversationId, createdAt });`,
    DID_YOU_MEAN_VALUE,
  ),
  bad(
    'an algorithm that is none',
    `await messageQueue.addEncryptionJob({ messageId, operation: 'encrypt', content, algorithm: 'ROT13', createdAt });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'a priority outside of the scale',
    `await messageQueue.enqueue(FILES, 'resize', { fileId: 'f' }, { priority: 11 });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'an unknown option',
    `await messageQueue.enqueue(FILES, 'resize', { fileId: 'f' }, { priorty: 5 });`,
    DID_YOU_MEAN,
  ),
  bad(
    'a schedule by cron and by interval',
    `await messageQueue.enqueue(FILES, 'resize', { fileId: 'f' }, { repeat: { cron: '* * * * *', every: 5 } });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'a schedule with a payload of another job',
    `await messageQueue.schedules.upsert(FILES, 'move', { fileId: 'f' }, { every: 5_000 });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    'a job name the queue does not have',
    `await messageQueue.enqueue(FILES, 'rezise', { fileId: 'f' });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    "another job's payload",
    `await messageQueue.enqueue(FILES, 'move', { fileId: 'f', width: 3 });`,
    NO_SUCH_PROPERTY,
  ),
  bad(
    'a payload in bulk without its wrapping',
    `await messageQueue.enqueueMany(FILES, 'resize', [{ fileId: 'f' }]);`,
    NO_SUCH_PROPERTY,
  ),
  bad(
    "a host's queue whose metrics need not be there",
    `void (await messageQueue.getQueueMetrics()).queues['file-processing'].waiting;`,
    POSSIBLY_UNDEFINED,
  ),
  bad(
    'a number that metrics do not have',
    `void (await messageQueue.getQueueMetrics()).queues['message-delivery'].wating;`,
    DID_YOU_MEAN_PROPERTY,
  ),
  bad(
    'a queue without its settings',
    `void defineQueue({ name: 'x', description: 'x', jobs: { resize: ResizeJobDto }, concurrency: 1, attempts: 1, timeoutMs: 1 });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    'an option of the module that does not exist',
    `void MessageQueueModule.forRoot({ concurency: 3 });`,
    NO_SUCH_PROPERTY,
  ),
  bad(
    'a handler of a job that its definition does not have',
    `class P { @JobHandler(FILES, 'rezise') resize(payload: ResizeJobDto) { void payload; } } void P;`,
    NO_OVERLOAD,
    DECORATOR_DOES_NOT_FIT,
  ),
  bad(
    "a handler that takes another job's payload",
    `class P { @JobHandler(FILES, 'resize') resize(payload: MoveJobDto) { void payload; } } void P;`,
    DECORATOR_DOES_NOT_FIT,
  ),
  bad(
    'a handler that wants more than the context',
    `class P { @JobHandler(FILES, 'resize') resize(payload: ResizeJobDto, job: { returnvalue: string }) { void [payload, job]; } } void P;`,
    DECORATOR_DOES_NOT_FIT,
  ),
  bad(
    'a schedule of a job that its queue does not have',
    `void MessageQueueModule.registerQueue(FILES, { schedules: [schedule('rezise', { fileId: 'f' }, { every: 5 })] });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    "a schedule with another job's payload",
    `void MessageQueueModule.registerQueue(FILES, { schedules: [schedule('resize', { fileId: 'f', target: 't' }, { every: 5 })] });`,
    NO_SUCH_PROPERTY,
  ),
  bad(
    'a schedule without a field of its payload',
    `void MessageQueueModule.registerQueue(FILES, { schedules: [schedule('move', { fileId: 'f' }, { every: 5 })] });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    'a schedule that nothing checked',
    `const loose = schedule('rezise', { fileId: 'f' }, { every: 5 });
    void MessageQueueModule.registerQueue(FILES, { schedules: [loose] });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'a schedule by cron and by interval at once',
    `void MessageQueueModule.registerQueue(FILES, { schedules: [schedule('move', { fileId: 'f', target: 't' }, { every: 5, cron: '* * * * *' })] });`,
    NOT_AN_ARGUMENT,
  ),
  bad(
    'a built-in queue that does not exist',
    `void MessageQueueModule.forRoot({ builtInQueues: ['message-delivry'] });`,
    DID_YOU_MEAN_VALUE,
  ),
  bad(
    "a host's queue among the built-in ones",
    `void MessageQueueModule.forRoot({ builtInQueues: [FILES.name] });`,
    NOT_ASSIGNABLE,
  ),
  bad(
    'built-in queues that are just wanted',
    `void MessageQueueModule.forRoot({ builtInQueues: true });`,
    NOT_ASSIGNABLE,
  ),
  bad('a role that does not exist', `void MessageQueueModule.forRoot({ role: 'boss' });`, NOT_ASSIGNABLE),
];

function bad(name: string, code: string, ...errors: number[]): Snippet {
  return { name, code, errors };
}

describe('the types of the facade', () => {
  const good = Object.entries(GOOD).map(([name, code]): Snippet => ({ name, code, errors: [] }));
  const snippets = [...good, ...BAD];
  let found: ReadonlyMap<string, readonly ts.Diagnostic[]>;

  beforeAll(() => {
    found = check(snippets);
  });

  it.each(good.map(({ name }) => name))('compiles under strict: %s', (name) => {
    expect(messages(found.get(name))).toEqual([]);
  });

  it.each(BAD.map(({ name, errors }) => [name, errors] as const))('does not compile: %s', (name, errors) => {
    expect({ name, codes: codes(found.get(name)), text: messages(found.get(name)) }).toMatchObject({
      codes: errors,
    });
  });
});

function codes(diagnostics: readonly ts.Diagnostic[] = []): number[] {
  return diagnostics.map(({ code }) => code);
}

function messages(diagnostics: readonly ts.Diagnostic[] = []): string[] {
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Compiles the snippets in one program, each as a file of its own, without writing them anywhere. */
function check(snippets: readonly Snippet[]): Map<string, readonly ts.Diagnostic[]> {
  const root = join(__dirname, '../..');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  // What a host has: strict, and none of our further rules.
  const settings = { ...options, noEmit: true, noImplicitOverride: false };
  const files = new Map(
    snippets.map(({ code }, index) => [
      join(FOLDER, `snippet-${index}.ts`),
      `${PREAMBLE}export async function snippet(): Promise<void> {\n${code}\n}\n`,
    ]),
  );
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, language, ...rest) => {
    const text = files.get(file);
    return text === undefined
      ? getSourceFile(file, language, ...rest)
      : ts.createSourceFile(file, text, language);
  };
  const program = ts.createProgram([...files.keys()], settings, host);
  return new Map(
    snippets.map(({ name }, index) => {
      const source = program.getSourceFile(join(FOLDER, `snippet-${index}.ts`));
      if (source === undefined) throw new Error(`Snippet "${name}" was not compiled.`);
      return [name, [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]];
    }),
  );
}
