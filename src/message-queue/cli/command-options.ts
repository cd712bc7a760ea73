import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { CommonOptions } from './command-line.js';

/** What every change understands beside. */
export interface ChangeOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly expect?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

/** Lets a command understand what every one does. @param answersJson the flag that asks for JSON */
export function withCommon(command: Command, examples: readonly string[], answersJson = '--json'): Command {
  return command
    .option('--url <url>', 'where Redis is; several, with commas: a Cluster')
    .option('--prefix <prefix>', 'first part of every key (QUEUE_PREFIX)')
    .option(answersJson, 'answer with JSON')
    .addHelpText(
      'after',
      `\nExamples:\n${examples.map((example) => `  $ npx nestjs-message-queue ${example}`).join('\n')}`,
    );
}

/** Lets a command understand what every change does. */
export function withChange(command: Command, examples: readonly string[], answersJson?: string): Command {
  return withCommon(command, examples, answersJson)
    .option('--by <name>', 'who does it, for the audit; default: the login name')
    .option('--reason <reason>', 'why, for the audit: small letters, digits and hyphens')
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'do it without asking; of many, with --expect')
    .option('--expect <number>', 'do nothing when more than so many match', wholeNumber);
}

/** An argument that must be a whole number. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '') {
    throw new InvalidArgumentError('It must be a whole number from 0.');
  }
  return value;
}

const AGES: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment: as JavaScript reads it, or how long ago, such as `90m`, `2h` or `3d`. @throws InvalidArgumentError */
export function momentOf(text: string): Date {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const moment =
    amount === undefined ? new Date(text) : new Date(Date.now() - Number(amount) * (AGES[unit] ?? 0));
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('Write 2026-01-31T08:00:00Z, or how long ago, such as 2h.');
  }
  return moment;
}

/** Adds one more to what was given before: `--queue a --queue b`, or `--queue a,b`. */
export function listed(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')];
}
