import { errorCodesOf, readProperty } from '../../../kernel/logging/error-text.js';
import { quoted } from '../../../kernel/values/words.js';
import { EventThreadStartError } from '../../events/errors.js';

/**
 * Why a thread was terminated: its time to finish was over; it did not answer; it sent what nobody can read, so a failed run may be lost;
 * its boot took too long; the app refused what it handles.
 */
export type EndCause = 'deadline' | 'hung' | 'unreadable' | 'boot' | 'refused';

const CAUSES: Record<EndCause, string> = {
  deadline: 'was terminated: its time to finish was over',
  hung: 'did not answer for threads.handlerTimeoutMs, and was terminated',
  unreadable: 'sent a message that cannot be read, and was terminated',
  boot: 'did not finish its boot within 60 seconds, and was terminated',
  refused: 'handles what the app refuses, and was terminated',
};

const OURS: EventThreadStartError['code'] = 'EVENT_THREAD_START';

/** What happened to a thread, without the text of what it threw: that may quote an event. */
export function deathText(end: {
  readonly cause: EndCause | null;
  readonly thrown: unknown;
  readonly exitCode: number;
}): string {
  if (end.cause !== null) return CAUSES[end.cause];
  if (readProperty(end.thrown, 'code') === 'ERR_WORKER_OUT_OF_MEMORY') {
    return 'used up its heap (memoryLimits.workerHeapMB)';
  }
  if (end.thrown !== undefined) return `threw outside of a handler: ${errorCodesOf(end.thrown)}`;
  return `exited with code ${end.exitCode}`;
}

/** Why a thread could not boot, in the words of what was thrown there: nothing of an event was in it yet. */
export function bootFailure(module: string, thrown: unknown, otherwise = 'ended'): EventThreadStartError {
  const message = readProperty(thrown, 'message');
  const place = { cause: thrown };
  if (typeof message !== 'string' || message === '') {
    const what = `A worker thread could not boot ${quoted(module)}`;
    return new EventThreadStartError(`${what}: it ${otherwise} before it was ready.`, place);
  }
  // Nest explains what it cannot resolve in several lines.
  const [said = '', ...more] = message.split('\n');
  // What we refused there ourselves names the module, and what to do.
  if (readProperty(thrown, 'code') === OURS) return new EventThreadStartError([said, ...more], place);
  const name = readProperty(thrown, 'name');
  const first = `A worker thread could not boot ${quoted(module)}: ${typeof name === 'string' ? name : 'Error'}: ${said}`;
  return new EventThreadStartError([first, ...more], place);
}
