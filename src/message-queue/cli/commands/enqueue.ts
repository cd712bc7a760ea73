import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isRecord } from '../../../kernel/values/kinds.js';
import { UsageError } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withChange } from '../command-options.js';
import type { ChangeOptions } from '../command-options.js';
import { confirm } from '../confirmation.js';
import { many } from '../output/words.js';
import { OperatorLog } from '../session/operator-log.js';

const STDIN = 0;

interface EnqueueOptions extends ChangeOptions {
  /** The payload. */
  readonly json?: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly id?: string;
  readonly payloadVersion?: number;
}

/** `enqueue`: adds a job by hand. */
export function addEnqueue(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('enqueue')
    .description('add a job by hand; its payload is checked by the worker that runs it')
    .argument('<queue>')
    .argument('<job>');
  const examples = [
    'enqueue file-processing resize --json @job.json',
    `enqueue file-processing resize --json '{"fileId":"f-1"}' --priority 8 --yes`,
  ];
  withChange(command, examples, '--answer-json')
    .option('--json <payload>', 'the payload: an object of JSON, @file, or @- for stdin')
    .option('--priority <level>', '1 to 10, 10 first', wholeNumber)
    .option('--delay <ms>', 'start it so many milliseconds later', wholeNumber)
    .option('--id <id>', 'id of the job; one that is there is not added again')
    .option('--payload-version <number>', 'version of the payload, where its queue has several', wholeNumber);
  command.action(async (queue: string, job: string, options: EnqueueOptions) => {
    await commandLine.run(command, (run) => add(run, queue, job, options));
  });
}

async function add(run: Run, name: string, job: string, options: EnqueueOptions): Promise<undefined> {
  const { session, terminal, isJson, by } = run;
  const queues = await session.queues();
  const announced = queues.announcedAs(name);
  const place = { queue: name, job };
  const { announcedJob } =
    require('../../facade/announced-job.js') as typeof import('../../facade/announced-job.js');
  const { priority, delay, id, payloadVersion: version } = options;
  const given = { priority, delay, jobId: id } as Parameters<typeof announcedJob>[1]['options'];
  const now = queues.now();
  const request = (payload: object): ReturnType<typeof announcedJob> =>
    announcedJob(announced, { job, payload, options: given, version, now });
  // What is wrong with queue and job is said before anything is read.
  request({});
  const data = payloadOf(options.json);
  const managed = queues.get(name);
  if (!isJson) {
    terminal.line(
      `A job "${job}" with ${many(Object.keys(data).length, 'field')} will be added to queue "${name}".`,
    );
    terminal.line(
      'Its payload is checked by the worker that runs it: one that is wrong becomes a dead letter.',
    );
  }
  if (options.dryRun === true) {
    if (isJson) terminal.json({ dryRun: true, ...place });
    return undefined;
  }
  const deed = { by, action: 'enqueue', target: `${name} ${job}`, reason: options.reason ?? null };
  await confirm(run, options, { question: 'Add it?', matched: null, deed });
  const adding = (): ReturnType<typeof managed.broker.addOnce> =>
    managed.broker.addOnce(managed.queue, request(data));
  const added = await new OperatorLog(managed.broker.activity).noted(deed, adding, () => 1);
  if (isJson) terminal.json({ dryRun: false, ...place, ...added });
  else terminal.line(added.deduplicated ? `Job ${added.id} is there already.` : `Job ${added.id} was added.`);
  return undefined;
}

/** @throws UsageError */
function payloadOf(given: string | undefined): object {
  if (given === undefined)
    throw new UsageError(`The payload is missing: --json '{…}', --json @file or --json @-`);
  const text = given.startsWith('@') ? read(given.slice(1)) : given;
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch {
    throw new UsageError('The payload is not JSON.');
  }
  if (!isRecord(payload)) throw new UsageError('The payload must be an object of JSON.');
  return payload;
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? STDIN : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
