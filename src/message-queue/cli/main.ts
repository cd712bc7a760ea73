#!/usr/bin/env node
import { readEnvironment } from '../../kernel/settings/environment.js';
import { EXIT } from './cli-errors.js';
import { CommandLine } from './command-line.js';
import { Terminal } from './output/terminal.js';
import { execute } from './program.js';

const { stdin, stdout, stderr } = process;
const environment = readEnvironment();
// NO_COLOR and a terminal without colours say no.
const hasColours = stdout.isTTY && stdout.hasColors();
const commandLine = new CommandLine(new Terminal({ stdin, stdout, stderr }, hasColours), environment);

// Who reads the answer may leave before its end: `… | head`.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });
}
process.on('SIGINT', () => {
  // The second time, at once.
  if (commandLine.isInterrupted) process.exit(EXIT.interrupted);
  commandLine.interrupt();
});

void execute(commandLine, process.argv.slice(2)).then((code) => (process.exitCode = code));
