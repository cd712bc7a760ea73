import type { Command } from 'commander';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import { EXIT } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { withCommon } from '../command-options.js';
import type { Tone } from '../output/terminal.js';
import { plain } from '../output/terminal.js';
import { fleetHealth, unreachable } from '../session/fleet-health.js';
import type { FleetHealth } from '../session/fleet-health.js';

type Status = FleetHealth['status'];

const TONES: Readonly<Record<Status, Tone>> = { healthy: 'good', degraded: 'warning', unhealthy: 'bad' };
const SIGNS: Readonly<Record<Status, string>> = { healthy: '●', degraded: '▲', unhealthy: '■' };
const CODES: Readonly<Record<Status, number>> = {
  ...{ healthy: EXIT.done, degraded: EXIT.failed, unhealthy: EXIT.wrong },
};

/** `health`: whether jobs get done; the exit code says it too. */
export function addHealth(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('health')
    .description('whether jobs get done, and what keeps them from it; exit code 0, 1 or 2')
    .argument('[queue]', 'only this one');
  withCommon(command, ['health', 'health message-delivery', 'health --json || echo look']).action(
    async (queue: string | undefined) => {
      await commandLine.run(command, (run) => judge(run, queue));
    },
  );
}

async function judge({ session, terminal, isJson }: Run, queue: string | undefined): Promise<number> {
  const health = await fleetHealth(session, queue).catch((error: unknown) => {
    if (error instanceof BrokerUnavailableError) return unreachable(error);
    throw error;
  });
  if (isJson) terminal.json(health);
  else {
    const said = (status: Status, text: string): string =>
      terminal.painted(`${SIGNS[status]} ${text}`, TONES[status]);
    terminal.line(said(health.status, health.status));
    for (const { severity, message } of health.reasons) terminal.line(said(severity, plain(message)));
    for (const { queue: name, status, reasons } of health.queues) {
      if (reasons.length === 0) continue;
      terminal.line(said(status, name));
      for (const { message } of reasons) terminal.line(`  ${plain(message)}`);
    }
  }
  return CODES[health.status];
}
