import { JOB_REF, OnQueueActive, Processor } from '@nestjs/bull';
import { Inject, Injectable, Scope, UseGuards } from '@nestjs/common';
import type { CanActivate, ModuleMetadata } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { Job } from 'bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { ErrorVerdict, JobErrorPolicy } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class TenantJobDto {
  @IsString()
  tenant!: string;
}

const REPORTS = defineQueue({
  name: 'reports',
  description: 'Jobs of a test.',
  jobs: { render: TenantJobDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 5_000,
});

let made = 0;
let guarded: string[] = [];
let ran: { readonly instance: object; readonly tenant: string; readonly shared: boolean }[] = [];

/** One per job, made of the job. */
@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly id: string;

  constructor(@Inject(JOB_REF) job: Job<TenantJobDto>, @Inject(REQUEST) request: unknown) {
    made += 1;
    if (request !== job) throw new Error('two requests');
    if (job.data.tenant === 'unknown') throw new Error('There is no such tenant.');
    this.id = job.data.tenant;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class TenantCache {
  constructor(readonly tenant: Tenant) {}
}

@Injectable()
class TenantGuard implements CanActivate {
  constructor(private readonly tenant: Tenant) {}

  canActivate(): boolean {
    guarded.push(this.tenant.id);
    return this.tenant.id !== 'locked out';
  }
}

@Processor(REPORTS.name)
class ReportProcessor implements JobErrorPolicy {
  failures = 0;

  constructor(
    private readonly tenant: Tenant,
    private readonly cache: TenantCache,
  ) {}

  @JobHandler(REPORTS, 'render')
  render({ tenant }: TenantJobDto): void {
    ran.push({ instance: this, tenant: this.tenant.id, shared: this.cache.tenant === this.tenant });
    if (tenant !== 'broken') return;
    this.failures += 1;
    throw new Error('It cannot be rendered.');
  }

  onError(): ErrorVerdict | undefined {
    return this.failures === 1 && this.tenant.id === 'broken' ? 'dead-letter' : undefined;
  }

  @OnQueueActive()
  onActive(): void {
    // @nestjs/bull leaves listeners of such classes out, and says so.
  }
}

@Processor(REPORTS.name)
@UseGuards(TenantGuard)
class GuardedProcessor extends ReportProcessor {}
// The handler itself needs nothing of a job; its guard does.
@Processor(REPORTS.name)
class PlainProcessor {
  @JobHandler(REPORTS, 'render')
  @UseGuards(TenantGuard)
  render({ tenant }: TenantJobDto): void {
    ran.push({ instance: this, tenant, shared: false });
  }
}

describe.each(['memory', 'redis'] as const)('request-scoped processors on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  beforeEach(() => {
    made = 0;
    guarded = [];
    ran = [];
  });
  afterEach(() => apps.close());

  async function start(
    processor: NonNullable<ModuleMetadata['providers']>[number],
  ): Promise<(tenant: string) => Promise<Job>> {
    const prefix = `scoped-${(prefixes += 1)}`;
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({ provider, prefix, ...(redis && { redis: { url: redis.url } }) }),
        MessageQueueModule.registerQueue(REPORTS),
      ],
      providers: [Tenant, TenantCache, processor],
    });
    const service = app.get(MessageQueueService);
    return async (tenant) => {
      const { id } = await service.enqueue(REPORTS, 'render', { tenant });
      return waitUntil(async () => {
        const job = await service.getJob(REPORTS.name, id);
        return job?.finishedOn ? job : undefined;
      }, `the end of ${tenant}'s job`);
    };
  }

  it('are made for each job, with what they need of it', async () => {
    const run = await start(ReportProcessor);
    expect(made).toBe(0);
    await Promise.all([run('a'), run('b'), run('c')]);
    expect(ran.map(({ tenant }) => tenant).sort()).toEqual(['a', 'b', 'c']);
    expect(ran.every(({ shared }) => shared)).toBe(true);
    expect([made, new Set(ran.map(({ instance }) => instance)).size]).toEqual([3, 3]);
  });

  it('ask the instance that failed about its error', async () => {
    const { attemptsMade, failedReason } = await (await start(ReportProcessor))('broken');
    expect([attemptsMade, failedReason]).toEqual([1, 'It cannot be rendered.']);
  });

  it('fail the attempt when they cannot be made', async () => {
    const { attemptsMade, failedReason } = await (await start(ReportProcessor))('unknown');
    expect([attemptsMade, failedReason]).toEqual([3, 'There is no such tenant.']);
    expect(ran).toEqual([]);
  });

  it.each([
    ['a class', GuardedProcessor],
    ['a method', PlainProcessor],
    ['a class behind another token', { provide: 'reports', useClass: GuardedProcessor }],
  ])('run guards on %s that are made for the job too', async (_on, processor) => {
    const run = await start(processor);
    expect((await run('a')).failedReason).toBeUndefined();
    expect((await run('locked out')).failedReason).toContain('A guard of');
    expect([guarded, ran.map(({ tenant }) => tenant)]).toEqual([['a', 'locked out'], ['a']]);
  });
});
