import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import type { Issue } from '../../src/kernel/errors.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/queue-definitions.js';
import { readEnvironment } from '../../src/kernel/settings/environment.js';
import { resolveConfiguration } from '../../src/message-queue/configuration/resolve-configuration.js';
import type { ResolvedConfiguration } from '../../src/message-queue/configuration/resolve-configuration.js';

class ResizeDto {
  fileId!: string;
}

export const FILES = defineQueue({
  name: 'file-processing',
  description: 'Files.',
  jobs: { resize: ResizeDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 100 },
  timeoutMs: 1_000,
});

export interface Given {
  readonly options?: object;
  readonly env?: NodeJS.ProcessEnv;
  readonly definitions?: readonly QueueDefinition[];
  readonly configKey?: string;
}

export function resolve({ options = {}, env = {}, definitions, configKey }: Given): ResolvedConfiguration {
  return resolveConfiguration({
    options: options,
    environment: readEnvironment(undefined, env),
    definitions: definitions ?? [...BUILT_IN_QUEUES, FILES],
    configKey,
  });
}

export function issuesOf(given: Given): readonly Issue[] {
  try {
    resolve(given);
  } catch (error) {
    if (error instanceof InvalidConfigurationError) return error.issues;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

/** A setting that is wrong, where the error says it is, and what it says. */
export type Mistake = [what: string, given: Given, path: string, message: RegExp];

/** One test for each mistake. */
export function itNames(mistakes: readonly Mistake[]): void {
  it.each(mistakes)('names the setting and what is allowed: %s', (_what, given, path, message) => {
    const issues = issuesOf(given);
    expect(issues).toContainEqual({ path, message: expect.stringMatching(message) });
  });
}
