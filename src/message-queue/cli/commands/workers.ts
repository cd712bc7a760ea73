import type { Command } from 'commander';
import type { CommandLine, Run } from '../command-line.js';
import { withCommon } from '../command-options.js';
import type { Instance } from '../../broker/activity-store.js';
import { isAlive } from '../../monitoring/activity/recent-activity.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { age, duration, orNone } from '../output/words.js';

const MEBIBYTE = 1024 * 1024;

/** `workers`: which processes there are. */
export function addWorkers(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('workers')
    .description('the processes that use the queues, and what they work on');
  withCommon(command, ['workers', 'workers --json']).action(async () => {
    await commandLine.run(command, show);
  });
}

async function show({ session, terminal, isJson }: Run): Promise<undefined> {
  const { activity } = await session.readings();
  const { at, instances } = await activity.look([]);
  const found = instances.toSorted((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid);
  if (isJson) {
    terminal.json({ at: new Date(at).toISOString(), workers: found.map((one) => jsonOf(one, at)) });
  } else if (found.length === 0) {
    terminal.line(
      'No process has been seen within the last 10 minutes under this prefix: see --prefix and --url.',
    );
  } else {
    writeTable(terminal, columns(at), found);
  }
  return undefined;
}

function columns(at: number): readonly Column<Instance>[] {
  return [
    { title: 'host', text: ({ host }) => host },
    { title: 'pid', isNumber: true, text: ({ pid }) => String(pid) },
    { title: 'role', text: ({ role }) => role },
    {
      ...{ title: 'state', text: (one) => (isAlive(one, at) ? 'alive' : `lost ${age(at - one.seenAt)}`) },
      tone: (one) => (isAlive(one, at) ? undefined : 'bad'),
    },
    { title: 'version', text: ({ version }) => version },
    { title: 'up', isNumber: true, text: ({ startedAt }) => age(at - startedAt) },
    { title: 'MiB', isNumber: true, text: ({ rssBytes }) => (rssBytes / MEBIBYTE).toFixed(0) },
    { title: 'loop lag', isNumber: true, text: ({ loopLagMs }) => duration(loopLagMs) },
    { title: 'open breakers', text: ({ openBreakers }) => orNone(openBreakers.join(', ')) },
    { title: 'works on (busy/slots)', text: ({ queues }) => orNone(worksOn(queues)) },
  ];
}

function worksOn(queues: Instance['queues']): string {
  return Object.entries(queues)
    .map(
      ([queue, [slots, busy, stuck]]) => `${queue} ${busy}/${slots}${stuck > 0 ? ` (${stuck} stuck)` : ''}`,
    )
    .join(', ');
}

function jsonOf(one: Instance, at: number): object {
  const { queues, startedAt, seenAt, flushMs: _flushMs, ...rest } = one;
  return {
    ...rest,
    ...{ startedAt: new Date(startedAt).toISOString(), seenAt: new Date(seenAt).toISOString() },
    state: isAlive(one, at) ? 'alive' : 'lost',
    queues: Object.entries(queues).map(([queue, [slots, busy, stuck]]) => ({ queue, slots, busy, stuck })),
  };
}
