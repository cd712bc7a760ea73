import type { Command } from 'commander';
import { shownAlert, worstAlertsFirst } from '../../monitoring/alerts/shown-alert.js';
import type { CommandLine, Run } from '../command-line.js';
import { withCommon } from '../command-options.js';
import { plain } from '../output/terminal.js';
import { age, moment } from '../output/words.js';

const SIGNS = { firing: '■', pending: '▲', ok: '●' } as const;
const TONES = { firing: 'bad', pending: 'warning', ok: 'good' } as const;
const RUNBOOK = 'docs/operations.md';

/** `alerts`: what is wrong, and what to do. */
export function addAlerts(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('alerts')
    .description('alerts that fire or are about to, with what to do first')
    .option('--all', 'those that are over, too');
  withCommon(command, ['alerts', 'alerts --all --json']).action(
    async (options: { readonly all?: boolean }) => {
      await commandLine.run(command, (run) => show(run, options.all === true));
    },
  );
}

async function show({ session, terminal, isJson }: Run, isAll: boolean): Promise<undefined> {
  const { activity } = await session.readings();
  const { at, alerts } = await activity.look([]);
  const listed = worstAlertsFirst(alerts.map((alert) => shownAlert(alert, RUNBOOK))).filter(
    ({ state }) => isAll || state !== 'ok',
  );
  if (isJson) terminal.json({ at: new Date(at).toISOString(), alerts: listed });
  else if (listed.length === 0) terminal.line('No alert fires.');
  else {
    for (const { id, state, severity, message, action, runbook, since, mutedUntil, mutedBy } of listed) {
      const isMuted = mutedUntil !== null && mutedUntil.getTime() > at;
      const muted = isMuted ? `, muted until ${moment(mutedUntil)} by ${mutedBy ?? '?'}` : '';
      const head = `${SIGNS[state]} ${state} ${id} (${severity}) for ${age(at - since.getTime())}${muted}`;
      terminal.line(terminal.painted(plain(head), TONES[state]));
      terminal.line(`  ${plain(message)}`);
      terminal.line(`  ${plain(action)} ${runbook}`);
    }
  }
  return undefined;
}
