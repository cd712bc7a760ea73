import type { Command } from 'commander';
import type { CommandLine } from '../command-line.js';
import { addLetterChanges } from '../dead-letters/letter-changes.js';
import { addLetterExport } from '../dead-letters/letter-export.js';
import { addLetterReads } from '../dead-letters/letter-reads.js';

/** `dead-letters`: what failed for good, and what becomes of it. */
export function addDeadLetters(program: Command, commandLine: CommandLine): void {
  const letters = program
    .command('dead-letters')
    .description('jobs that failed for good, and what becomes of them');
  addLetterReads(letters, commandLine);
  addLetterChanges(letters, commandLine);
  addLetterExport(letters, commandLine);
}
