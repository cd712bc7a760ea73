import type { Queue } from 'bull';
import { isRecord } from '../../../kernel/values/kinds.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import { addArguments } from '../rules/bull-arguments.js';
import type { BulkJob } from '../rules/bull-arguments.js';

/** What makes an add a span. */
export interface AddTraces {
  readonly isOn: boolean;
  sending<T>(
    queue: string,
    count: number | undefined,
    add: (traceparent: string | undefined) => Promise<T>,
    idOf: (added: T) => string | undefined,
  ): Promise<T>;
}

type Call = (...args: never[]) => Promise<unknown>;

/** Makes the adds of hosts that inject the queue spans, as those of the service are. To be called once per queue. */
export function traceAdds(queue: Queue, traces: AddTraces): void {
  const calls = queue as unknown as Record<'add' | 'addBulk', Call>;
  const add = calls.add.bind(queue) as (...args: unknown[]) => Promise<unknown>;
  const addBulk = calls.addBulk.bind(queue) as (jobs: unknown) => Promise<unknown>;
  calls.add = (...args: unknown[]) => {
    if (!traces.isOn) return add(...args);
    const [name, data, options] = addArguments(args);
    const traced = (trace: string | undefined): Promise<unknown> =>
      add(name, data, withTrace(options, trace));
    return traces.sending(queue.name, undefined, traced, idOf);
  };
  calls.addBulk = (jobs: unknown) => {
    if (!traces.isOn || !Array.isArray(jobs)) return addBulk(jobs);
    const traced = (trace: string | undefined): Promise<unknown> =>
      addBulk(
        jobs.map((job: BulkJob) => (isRecord(job) ? { ...job, opts: withTrace(job.opts, trace) } : job)),
      );
    return traces.sending(queue.name, jobs.length, traced, () => undefined);
  };
}

/** What is wrong with options is said where they are checked. */
function withTrace(options: unknown, trace: string | undefined): unknown {
  if (trace === undefined) return options;
  if (options === undefined) return { mq: { trace } };
  const { mq = {}, repeat } = options as ManagedJobOptions;
  if (!isRecord(options) || !isRecord(mq) || repeat !== undefined) return options;
  return { ...options, mq: { ...mq, trace } };
}

function idOf(job: unknown): string | undefined {
  const { id } = (job ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
