import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule, defineQueue } from '../../src/message-queue/index.js';
import { webhookAlerts } from '../../src/message-queue/operations/index.js';

/** What the process is started with. */
export interface AlertHostSettings {
  readonly redisPort: number;
  readonly prefix: string;
  readonly webhookPort: number;
}

/** What its webhook is signed with. */
export const ALERT_SECRET = 'whsec_c29tZSBieXRlcyB0aGF0IG5vYm9keSBjYW4gZ3Vlc3M=';

class AnyPayload {}

/** The queue that is watched. Nobody works on it: its processes only judge. */
export const WATCHED_QUEUE = defineQueue({
  name: 'watched',
  description: 'Jobs that wait.',
  jobs: { job: AnyPayload },
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 50 },
  timeoutMs: 5_000,
});

/** A process of an app, that judges alerts each second until it is killed. */
async function main(): Promise<void> {
  const { redisPort, prefix, webhookPort } = JSON.parse(process.argv[2] ?? '{}') as AlertHostSettings;
  process.on('disconnect', () => process.exit(1));
  const url = `http://127.0.0.1:${webhookPort}/alerts`;
  @Module({
    imports: [
      MessageQueueModule.forRoot({
        ...{ environment: 'test', provider: 'redis', prefix, builtInQueues: false, role: 'producer' },
        redis: { host: '127.0.0.1', port: redisPort },
        operations: {
          ...{ rest: false, console: false, metrics: false },
          alerts: {
            everyMs: 1_000,
            rules: {
              QueueDepthHigh: { above: 1, forMs: 0, clearForMs: 0 },
              ...{ NoWorker: false, OldestJobWaits: false, ActivityStale: false, WorkerLost: false },
            },
            sinks: [
              webhookAlerts({ url, secret: ALERT_SECRET, allowHttp: true, allowPrivateAddresses: true }),
            ],
          },
        },
      }),
      MessageQueueModule.registerQueue(WATCHED_QUEUE),
    ],
  })
  class AlertHost {}
  await NestFactory.createApplicationContext(AlertHost, { logger: false });
  process.send?.('ready');
}

if (require.main === module) void main();
