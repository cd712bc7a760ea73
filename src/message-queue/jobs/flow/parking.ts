import type { ManagedJobRecord } from '../managed-job.js';
import type { FlowPolicy, KeyPolicy } from './flow-policy.js';
import { gateOf, groupsOf } from './group-name.js';

/** Whether a key stands still for a dead letter: it does where one job runs at a time, unless its queue says `skip`. */
export function parks({ concurrency = 1, onDeadLetter }: KeyPolicy): boolean {
  return concurrency === 1 && onDeadLetter !== 'skip';
}

/** The key that stands still for a job, now that it is a dead letter; undefined when none does. Jobs of batches park nothing. */
export function parkedKey(
  flow: FlowPolicy | undefined,
  job: string,
  record: ManagedJobRecord,
): string | undefined {
  const { group = '' } = groupsOf(flow, job, record);
  if (flow?.key === undefined || group === '' || gateOf(group).gate !== 'key') return undefined;
  return parks(flow.key) ? record.key : undefined;
}
