import type { Command } from 'commander';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import { EXIT } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { withCommon } from '../command-options.js';
import { plain } from '../output/terminal.js';
import { share } from '../output/words.js';

/** `check`: whether the server is set up for jobs that must not be lost. */
export function addCheck(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('check')
    .description('whether Redis is set up as it must be, with the exact command to change what is not');
  withCommon(command, ['check', 'check --url rediss://user:password@redis.example.org:6380']).action(
    async () => {
      await commandLine.run(command, check);
    },
  );
}

async function check({ session, terminal, isJson }: Run): Promise<number> {
  const readings = await session.readings().catch((error: unknown) => {
    if (error instanceof BrokerUnavailableError) return error;
    throw error;
  });
  if (readings instanceof BrokerUnavailableError) {
    if (isJson) terminal.json({ reachable: false, error: readings.message });
    else terminal.line(`${terminal.painted('■ fatal:', 'bad')} ${plain(readings.message)}`);
    return EXIT.wrong;
  }
  const [server, look] = await Promise.all([readings.inspectServer(), readings.activity.look([])]);
  const fatal = server.findings.filter(({ severity }) => severity === 'fatal');
  const isWell = server.findings.length === 0 && look.wrongKeys.length === 0;
  const code = fatal.length > 0 || look.wrongKeys.length > 0 ? EXIT.wrong : isWell ? EXIT.done : EXIT.failed;
  if (isJson) terminal.json({ ...server, wrongKeys: look.wrongKeys });
  else {
    const latency = server.latencyMs === null ? '' : `, answers in ${server.latencyMs.toFixed(1)} ms`;
    const memory =
      server.memoryUsedRatio === null
        ? ', no memory limit'
        : `, ${share(server.memoryUsedRatio)} of its memory used`;
    terminal.line(`Redis ${server.version ?? '(version unknown)'}${latency}${memory}`);
    for (const { severity, message } of server.findings) {
      const [sign, tone] = severity === 'fatal' ? (['■', 'bad'] as const) : (['▲', 'warning'] as const);
      terminal.line(`${terminal.painted(`${sign} ${severity}:`, tone)} ${plain(message)}`);
    }
    for (const { key, holds, belongs } of look.wrongKeys) {
      terminal.line(
        `${terminal.painted('■ fatal:', 'bad')} ${plain(`"${key}" holds a ${holds}, not a ${belongs}: RENAME ${key} ${key}:odd`)}`,
      );
    }
    if (isWell) terminal.line(terminal.painted('● Nothing has to be changed.', 'good'));
  }
  return code;
}
