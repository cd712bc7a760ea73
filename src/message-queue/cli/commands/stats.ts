import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withCommon } from '../command-options.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { age, count, duration, moment, rate, share } from '../output/words.js';
import { queueRows } from '../session/queue-rows.js';
import type { QueueNow } from '../session/queue-rows.js';
import { announcedAs } from '../../broker/registry/announced-queues.js';

const WATCH_EVERY_S = 2;
const MANY_DEAD = 10;
const OFTEN = 0.05;

const COLUMNS: readonly Column<QueueNow>[] = [
  { title: 'queue', text: ({ queue, isPaused }) => (isPaused ? `${queue} ‖ paused` : queue) },
  { title: 'waiting', isNumber: true, text: ({ waiting }) => count(waiting) },
  { title: 'oldest', isNumber: true, text: ({ oldestWaitingMs }) => age(oldestWaitingMs) },
  { title: 'active', isNumber: true, text: ({ active }) => count(active) },
  { title: 'delayed', isNumber: true, text: ({ delayed }) => count(delayed) },
  {
    ...{ title: 'dead', isNumber: true, text: ({ dead }) => count(dead) },
    tone: ({ dead }) => (dead > MANY_DEAD ? 'warning' : undefined),
  },
  { title: '/min', isNumber: true, text: ({ perMinute }) => rate(perMinute) },
  {
    ...{ title: 'failed', isNumber: true, text: ({ failureRate }) => share(failureRate) },
    tone: ({ failureRate }) => ((failureRate ?? 0) > OFTEN ? 'bad' : undefined),
  },
  { title: 'wait p95', isNumber: true, text: ({ waitMs }) => duration(waitMs.p95) },
  { title: 'run p95', isNumber: true, text: ({ runMs }) => duration(runMs.p95) },
  { title: 'workers', isNumber: true, text: ({ workers }) => count(workers) },
  { title: 'busy', isNumber: true, text: ({ busySlots, slots }) => `${busySlots}/${slots}` },
];

/** `stats`: what waits, runs and fails. */
export function addStats(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('stats')
    .description('what waits, runs and fails in each queue, of all processes')
    .argument('[queue]', 'only this one')
    .option('--watch [seconds]', 'again and again, until Ctrl-C', wholeNumber);
  withCommon(command, ['stats', 'stats --watch 5', 'stats message-delivery --json']).action(
    async (queue: string | undefined, { watch }: { readonly watch?: number | true }) => {
      await commandLine.run(command, async (run) => {
        const everyMs =
          watch === undefined ? null : 1_000 * (watch === true ? WATCH_EVERY_S : Math.max(1, watch));
        do {
          await show(run, queue, everyMs !== null);
          if (everyMs === null) break;
          await pause(everyMs, undefined, { signal: run.signal }).catch(() => undefined);
        } while (!run.signal.aborted);
        return undefined;
      });
    },
  );
}

async function show(
  { session, terminal, isJson }: Run,
  queue: string | undefined,
  isWatched: boolean,
): Promise<void> {
  const look = await session.look(queue);
  const rows = queueRows(look);
  // One that holds nothing may be a name that was mistyped.
  if (queue !== undefined && rows.length === 0) announcedAs(queue, look.announced);
  const at = new Date(look.at).toISOString();
  if (isJson) {
    const answer = { at, queues: rows };
    // One line each.
    if (isWatched) terminal.line(JSON.stringify(answer));
    else terminal.json(answer);
    return;
  }
  if (isWatched) terminal.clear();
  terminal.line(terminal.painted(`${moment(look.at)} UTC, the last 5 minutes of all processes`, 'quiet'));
  if (rows.length > 0) writeTable(terminal, COLUMNS, rows);
  else terminal.line('No app has announced a queue under this prefix yet: see --prefix and --url.');
}
