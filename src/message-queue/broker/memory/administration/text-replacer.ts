import { TextTally, verdictsOn } from '../../../jobs/sealing/stored-texts.js';
import type {
  StoredTexts,
  TextPass,
  TextReader,
  TextReplacement,
  TextReport,
} from '../../../jobs/sealing/stored-texts.js';
import { sealedFailures } from '../../../jobs/managed-job.js';
import { SEALED_FIELD } from '../../../jobs/sealing/payload-seal.js';
import type { StoredSchedule } from '../../rules/schedules/schedule-record.js';
import type { QueueSchedules } from '../bull/adding/queue-schedules.js';
import type { ManagedMemoryQueue } from '../managed-memory-queue.js';
import type { StoredJob } from '../store/stored-job.js';

const PAGE_JOBS = 250;

/** Texts, and how each of them is replaced where it still stands. */
interface HeldTexts extends StoredTexts {
  readonly replace: (replacement: TextReplacement) => boolean;
}

/** Replaces sealed texts of a queue, wherever they stand. */
export class TextReplacer {
  /** Every job once, wherever it has moved meanwhile: a pass of either direction is the same. */
  async replace(
    { engine, schedules }: ManagedMemoryQueue,
    read: TextReader,
    { signal }: TextPass = {},
  ): Promise<TextReport> {
    const tally = new TextTally();
    const looks = await schedules.look();
    await this.replacePage(
      looks.flatMap(({ schedule }) => textsOfSchedule(schedules, schedule)),
      read,
      tally,
    );
    const jobs = [...engine.store.jobs.values()];
    for (let first = 0; first < jobs.length; first += PAGE_JOBS) {
      signal?.throwIfAborted();
      await this.replacePage(jobs.slice(first, first + PAGE_JOBS).flatMap(textsOfJob), read, tally);
      await engine.turns.pass();
    }
    return tally;
  }

  private async replacePage(page: readonly HeldTexts[], read: TextReader, tally: TextTally): Promise<void> {
    const verdicts = await verdictsOn(page, read);
    for (const [index, verdict] of verdicts.entries()) {
      const done = verdict.replacements.filter((replacement) => page[index]?.replace(replacement));
      tally.note(verdict, done.length);
    }
  }
}

function textsOfSchedule(schedules: QueueSchedules, { key, record }: StoredSchedule): HeldTexts[] {
  if (record === null) return [];
  const { name, data } = record;
  const texts = { id: '', name, data, progress: null, returnvalue: null, failures: [] };
  return [{ ...texts, replace: ({ was, is }) => schedules.replaceText(key, was, is) }];
}

function textsOfJob(job: StoredJob): HeldTexts[] {
  if (job.state === null) return [];
  const { id, name, history } = job;
  const data = ifSealed(job.data);
  const progress = ifSealed(history?.progress);
  const returnvalue = ifSealed(history?.returnvalue);
  const failures = sealedFailures(job.options.mq);
  if ((data ?? progress ?? returnvalue) === null && failures.length === 0) return [];
  const texts = { id, name, data, progress, returnvalue, failures };
  return [{ ...texts, replace: (replacement) => replaceIn(job, replacement) }];
}

function ifSealed(text: string | undefined): string | null {
  return text?.includes(`"${SEALED_FIELD}"`) === true ? text : null;
}

function replaceIn(job: StoredJob, { field, was, is }: TextReplacement): boolean {
  if (job.state === null || job.state === 'active') return false;
  if (field === 'opts') return replaceFailure(job, was, is);
  const holder = field === 'data' ? job : job.history;
  const text = (holder as Partial<Record<typeof field, string>> | null)?.[field];
  if (text?.includes(was) !== true) return false;
  Object.assign(holder as object, { [field]: text.replace(was, is) });
  return true;
}

function replaceFailure(job: StoredJob, was: string, is: string): boolean {
  const { mq } = job.options;
  if (!sealedFailures(mq).includes(was)) return false;
  const failures = mq?.failures?.map((each) => (each.sealed === was ? { ...each, sealed: is } : each));
  job.options = { ...job.options, mq: { ...mq, failures } };
  return true;
}
