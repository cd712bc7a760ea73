import { Processor } from '@nestjs/bull';
import {
  Catch,
  Injectable,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type {
  ArgumentMetadata,
  ArgumentsHost,
  CallHandler,
  CanActivate,
  DynamicModule,
  ExceptionFilter,
  ExecutionContext,
  INestApplication,
  ModuleMetadata,
  NestInterceptor,
  PipeTransform,
  Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { IsString } from 'class-validator';
import type { Job, Queue } from 'bull';
import { map, of } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  RetryLater,
} from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class OrderJobDto {
  /** What the handler, or what stands around it, does. */
  @IsString()
  does!: string;
}

const ORDERS = defineQueue({
  name: 'orders',
  description: 'Jobs of a test.',
  jobs: { pay: OrderJobDto, ship: OrderJobDto },
  concurrency: 2,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 5_000,
});

/** What happened, in its order. */
let told: string[] = [];
/** Ends handlers that wait. */
let letGo: (() => void)[] = [];

const Role = (role: string): MethodDecorator => SetMetadata('role', role);

@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const [payload, run] = context.getArgs<[OrderJobDto, JobContext]>();
    const role = this.reflector.get<string>('role', context.getHandler());
    told.push(`guard ${context.getType<string>()} ${context.getClass().name} ${role} ${run.jobName}`);
    const { does } = context.switchToRpc().getData<OrderJobDto>();
    return payload.does === does && does !== 'something forbidden';
  }
}

@Injectable()
class Outer implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<object>): Observable<unknown> {
    const { does } = context.switchToRpc().getData<OrderJobDto>();
    told.push('outer');
    if (does === 'be cached') return of('from the cache');
    const answer = next.handle().pipe(map((result) => ({ outer: result })));
    if (does !== 'be overtaken') return answer;
    answer.subscribe();
    return of('early');
  }
}

@Injectable()
class Inner implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    told.push('inner');
    return next.handle();
  }
}

@Injectable()
class Shout implements PipeTransform {
  transform(value: OrderJobDto, { type, metatype }: ArgumentMetadata): OrderJobDto {
    told.push(`pipe ${type} ${metatype?.name ?? ''}`);
    return Object.assign(new OrderJobDto(), { does: `${value.does}!` });
  }
}

class Known extends Error {}

@Catch(Known)
class KnownFilter implements ExceptionFilter<Known> {
  catch({ message }: Known, host: ArgumentsHost): unknown {
    told.push(`filter ${host.getType<string>()} ${message} ${host.getArgByIndex<JobContext>(1).attempt}`);
    if (message === 'fall back!') return { instead: true };
    return message === 'be reported!' ? Promise.resolve(undefined) : undefined;
  }
}

@Catch()
class EverythingFilter implements ExceptionFilter {
  catch(): unknown {
    told.push('filter of everything');
    return 'forgiven';
  }
}

@Processor(ORDERS.name)
@UseGuards(RoleGuard)
@UseInterceptors(Outer)
@UseFilters(KnownFilter)
@UsePipes(Shout)
class OrderProcessor {
  readonly mark = 'own';

  @JobHandler(ORDERS, 'pay')
  @Role('payer')
  @UseInterceptors(Inner)
  async pay(payload: OrderJobDto, { jobName, attempt }: JobContext): Promise<unknown> {
    told.push(`${this.mark} ${jobName} ${payload.does} ${payload instanceof OrderJobDto}`);
    if (payload.does === 'fall back!' || payload.does.startsWith('be reported'))
      throw new Known(payload.does);
    if (payload.does === 'be overtaken!') await new Promise<void>((resolve) => letGo.push(resolve));
    return { attempt };
  }

  @JobHandler(ORDERS, 'ship')
  @UseFilters(EverythingFilter)
  ship({ does }: OrderJobDto, { attempt }: JobContext): void {
    if (does === 'wait!' && told.filter((line) => line === 'outer').length < 2) throw new RetryLater(10);
    if (does === 'fail!') throw new Error(`attempt ${attempt}`);
  }
}

/** Of the whole app; jobs must not meet them. */
@Injectable()
class AppWide implements CanActivate, NestInterceptor, PipeTransform {
  canActivate(): boolean {
    told.push('app-wide guard');
    return false;
  }

  intercept(_context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    told.push('app-wide interceptor');
    return next.handle();
  }

  transform(value: unknown): unknown {
    told.push('app-wide pipe');
    return value;
  }
}

describe.each(['memory', 'redis'] as const)('Nest’s enhancers on processors, on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  beforeEach(() => {
    told = [];
    letGo = [];
    apps.logger.lines.length = 0;
  });
  afterEach(async () => {
    for (const go of letGo) go();
    await apps.close();
  });

  function start(
    providers: ModuleMetadata['providers'] = [OrderProcessor],
    ...more: DynamicModule[]
  ): Promise<INestApplication> {
    const prefix = `enhancers-${(prefixes += 1)}`;
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({ provider, prefix, ...(redis && { redis: { url: redis.url } }) }),
        MessageQueueModule.registerQueue(ORDERS),
        ...more,
      ],
      providers,
    });
  }

  /** Adds a job and waits for its end. */
  async function ended(app: INestApplication, does: string, jobName: 'pay' | 'ship' = 'pay'): Promise<Job> {
    const service = app.get(MessageQueueService);
    const { id } = await service.enqueue(ORDERS, jobName, { does });
    return waitUntil(async () => {
      const job = await service.getJob(ORDERS.name, id);
      return job?.finishedOn ? job : undefined;
    }, `the end of "${does}"`);
  }

  it('run around the handler in Nest’s order, on its instance, with the payload and the context', async () => {
    const job = await ended(await start(), 'work');
    expect(told).toEqual([
      'guard message-queue OrderProcessor payer pay',
      'outer',
      'inner',
      'pipe body OrderJobDto',
      'own pay work! true',
    ]);
    expect(job.returnvalue).toEqual({ outer: { attempt: 1 } });
  });

  it('make a dead letter of a job that a guard refuses, at once, without running it', async () => {
    const { attemptsMade, failedReason } = await ended(await start(), 'something forbidden');
    expect(attemptsMade).toBe(1);
    expect(failedReason).toMatch(/^A guard of OrderProcessor\.pay refused job "pay" m_/);
    expect(told).toEqual(['guard message-queue OrderProcessor payer pay']);
  });

  it('answer in the handler’s place', async () => {
    const { returnvalue } = await ended(await start(), 'be cached');
    expect([returnvalue, told.at(-1)]).toEqual(['from the cache', 'outer']);
  });

  it('do not end a run before its handler has ended', async () => {
    const app = await start();
    const over = ended(app, 'be overtaken');
    await waitUntil(() => letGo.length === 1, 'the handler');
    await ended(app, 'work');
    const queue = app.get<Queue>(getQueueToken(ORDERS.name), { strict: false });
    expect(await queue.getActiveCount()).toBe(1);
    letGo[0]?.();
    expect((await over).returnvalue).toBe('early');
  });

  it('make the filter’s value the result; a filter without one changes nothing', async () => {
    const app = await start();
    expect((await ended(app, 'fall back')).returnvalue).toEqual({ instead: true });
    expect(told.at(-1)).toBe('filter message-queue fall back! 1');

    for (const does of ['be reported', 'be reported at once']) {
      const { attemptsMade, failedReason } = await ended(app, does);
      expect([attemptsMade, failedReason]).toEqual([2, `${does}!`]);
      expect(told.filter((line) => line.startsWith(`filter message-queue ${does}!`))).toHaveLength(2);
    }
  });

  it('keep filters out of what only puts a job off', async () => {
    const app = await start();
    expect((await ended(app, 'wait', 'ship')).failedReason).toBeUndefined();
    expect(told).not.toContain('filter of everything');
    expect((await ended(app, 'fail', 'ship')).returnvalue).toBe('forgiven');
  });

  it('are those of the processor alone, not those of the whole app', async () => {
    const wide = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE].map((provide) => ({ provide, useClass: AppWide }));
    const app = await start([OrderProcessor, ...wide, { provide: APP_FILTER, useClass: EverythingFilter }]);
    app.useGlobalGuards(new AppWide());
    expect((await ended(app, 'work')).returnvalue).toEqual({ outer: { attempt: 1 } });
    expect((await ended(app, 'be reported')).failedReason).toBe('be reported!');
    expect(told.filter((line) => line.startsWith('app-wide') || line === 'filter of everything')).toEqual([]);
  });

  it('tell processors of the same name apart', async () => {
    class ReturnJobDto extends OrderJobDto {}
    const RETURNS = defineQueue({ ...ORDERS, name: 'returns', jobs: { pay: ReturnJobDto } });
    const Other = ((): Type<object> => {
      @Processor(RETURNS.name)
      @UsePipes(Shout)
      class OrderProcessor {
        @JobHandler(RETURNS, 'pay')
        pay(_payload: ReturnJobDto): void {
          // Its pipe tells what it was given.
        }
      }
      return OrderProcessor;
    })();
    const app = await start([OrderProcessor, Other], MessageQueueModule.registerQueue(RETURNS));
    await ended(app, 'work');
    const { id } = await app.get(MessageQueueService).enqueue(RETURNS, 'pay', { does: 'work' });
    await waitUntil(
      async () => (await app.get(MessageQueueService).getJob(RETURNS.name, id))?.finishedOn,
      'the other job',
    );
    expect(told.filter((line) => line.startsWith('pipe'))).toEqual([
      'pipe body OrderJobDto',
      'pipe body ReturnJobDto',
    ]);
  });

  it('are found behind another token, and given as instances', async () => {
    @Processor(ORDERS.name)
    class WithInstance extends OrderProcessor {}
    UseGuards({ canActivate: () => told.push('instance') > 0 })(WithInstance as Type<object>);
    await ended(await start([{ provide: 'orders', useClass: WithInstance }]), 'work');
    expect(told).toEqual(expect.arrayContaining(['instance', 'own pay work! true']));
  });

  it('refuse a processor at start whose enhancers Nest would leave out', async () => {
    const made = start([{ provide: OrderProcessor, useFactory: () => new OrderProcessor() }]);
    await expect(made).rejects.toThrow(
      /OrderProcessor\.pay would run without @UseGuards\(RoleGuard\).*List OrderProcessor there as it is/,
    );
  });
});
