import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { RedisOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { waitUntil } from '../support/wait-until.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { KeyRing } from '../support/key-ring.js';

class SecretJobDto {
  @IsString()
  text!: string;
}

const SECRETS = defineQueue({
  name: 'secrets',
  description: 'Jobs of a test.',
  jobs: { secret: SecretJobDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
});

@Processor('secrets')
class SecretsProcessor {
  readonly runs: string[] = [];

  @JobHandler('secret')
  secret({ text }: SecretJobDto): void {
    this.runs.push(text);
  }
}

describe('an app whose Redis speaks TLS', () => {
  const certificate = selfSignedCertificate();
  const environment = { ...process.env };
  const apps = new HostApps();
  const directory = mkdtempSync(join(tmpdir(), 'mq-tls-'));
  const file = join(directory, 'ca.pem');
  let redis: TestRedis;

  beforeAll(async () => {
    writeFileSync(file, certificate.cert);
    redis = await TestRedis.start(['--appendonly', 'yes', '--tls-auth-clients', 'yes'], certificate);
  });
  afterEach(async () => {
    await apps.close();
    process.env = { ...environment };
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(directory, { recursive: true });
  });

  async function runOne(options: RedisOptions): Promise<void> {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'redis',
          redis: options,
          ...{ environment: 'production', adapters: [{ provide: KeyProvider, useClass: KeyRing }] },
          acceptInMemory: true,
        }),
        MessageQueueModule.registerQueue(SECRETS),
      ],
      providers: [SecretsProcessor],
    });
    await app.get(MessageQueueService).enqueue(SECRETS, 'secret', { text: 'a' });
    await waitUntil(() => app.get(SecretsProcessor).runs.length === 1, 'the job');
  }

  it('runs jobs with certificates from options: a file and texts', async () => {
    const { cert, key } = certificate;
    await runOne({ host: '127.0.0.1', port: redis.port, tls: true, tlsCa: file, tlsCert: cert, tlsKey: key });
  });

  it('runs jobs with certificates from the environment', async () => {
    process.env['REDIS_TLS_CA'] = file;
    process.env['REDIS_TLS_CERT'] = certificate.cert.replaceAll('\n', '\\n');
    process.env['REDIS_TLS_KEY'] = certificate.key;
    await runOne({ url: `rediss://127.0.0.1:${redis.port}` });
  });
});
