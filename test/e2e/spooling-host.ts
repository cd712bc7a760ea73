import 'reflect-metadata';
import Module from 'node:module';
import { Module as NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { NOTES, spoolingOptions } from './spooling.fixture.js';

/** A host's program that adds jobs, whatever becomes of Redis. */
export interface SpoolingHostPlan {
  readonly port: number;
  readonly directory: string;
  /** A package that is not installed. */
  readonly without?: string;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as SpoolingHostPlan;

if (plan.without !== undefined) {
  const resolver = Module as unknown as { _resolveFilename(name: string, ...rest: unknown[]): string };
  const resolve = resolver._resolveFilename.bind(Module);
  resolver._resolveFilename = (name, ...rest) => {
    if (name !== plan.without) return resolve(name, ...rest);
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  };
}

@NestModule({
  imports: [
    MessageQueueModule.forRoot({ ...spoolingOptions(plan.port, plan.directory), role: 'producer' }),
    MessageQueueModule.registerQueue(NOTES),
  ],
})
class SpoolingHost {}

/** Says `added <n>` of each job that was acknowledged, and `refused <why>` of the others. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(SpoolingHost, {
    logger: false,
    abortOnError: false,
  });
  const service = app.get(MessageQueueService);
  for (let n = 1; ; n += 1) {
    const said = await service.enqueue(NOTES, 'note', { n, text: 'x'.repeat(500) }).then(
      () => `added ${n}`,
      (error: unknown) => `refused ${String(error)}`,
    );
    process.stdout.write(`${said}\n`);
  }
}

main().catch((error: unknown) => {
  process.stdout.write(`failed ${String(error)}\n`);
  process.exit(1);
});
