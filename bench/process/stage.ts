import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Redis } from 'ioredis';
import type { Reading } from '../reading.js';
import type { BenchHost, HostRequest, Subject } from '../subject.js';
import { redisCounters } from './redis-counters.js';

/** What a process of a contestant is started with. */
export interface ProcessOrder {
  readonly measurement: string;
  readonly subject: string;
  readonly redisPort: number;
  /** Multiplies the numbers of jobs. */
  readonly scale: number;
  /** Whether it is the second process of a trial. */
  readonly assists: boolean;
}

/** Ends what `Stage.meter` began. @returns readings per job; `jobs/s` unless the trial clocks by itself */
export type StopMeter = (jobs: number) => Promise<Reading[]>;

/** What a trial works with, inside the contestant's process. */
export class Stage {
  /** A connection of the bench's own. */
  readonly redis: Redis;
  private names = 0;
  private readonly hosts: BenchHost[] = [];
  private factor = 1;

  constructor(
    private readonly subject: Subject,
    readonly inProcess: boolean,
    private readonly order: ProcessOrder,
    private readonly program: string,
  ) {
    this.redis = new Redis(order.redisPort, '127.0.0.1');
    // An interrupted run takes the server away.
    this.redis.on('error', () => undefined);
  }

  /** Opens a host of the contestant, with queues of names not used before; `end()` closes it. */
  async open(request: Partial<HostRequest> & { readonly queues?: number } = {}): Promise<BenchHost> {
    const [first, ...others] = Array.from({ length: request.queues ?? 1 }, () => this.newName());
    const host = await this.subject.open({
      redisPort: this.order.redisPort,
      queueNames: [first ?? this.newName(), ...others],
      concurrency: 10,
      attempts: null,
      ...request,
    });
    this.hosts.push(host);
    return host;
  }

  /** The contestant, as `SubjectEntry` names it. */
  get subjectName(): string {
    return this.order.subject;
  }

  /** A number of jobs, scaled as the command line says, at least 100. */
  jobs(count: number): number {
    return Math.max(100, Math.round(count * this.order.scale * this.factor));
  }

  /** Lets the next trial have `factor` times the jobs. */
  rescale(factor: number): void {
    this.factor = factor;
  }

  /** Commands that the contestant's clients have sent since the process began. */
  calls(): number {
    return this.subject.calls();
  }

  /** Begins to count, at once: time, CPU of this process and of Redis, commands. */
  meter(): StopMeter {
    const redis = this.inProcess ? null : redisCounters(this.redis);
    const calls = this.subject.calls();
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    return async (jobs) => {
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const sent = this.subject.calls() - calls;
      const readings: Reading[] = [
        { row: '', unit: 'jobs/s', value: jobs / seconds },
        { row: 'CPU of Node per job', unit: 'µs', value: (user + system) / jobs },
      ];
      if (redis === null) return readings;
      const [before, after] = [await redis, await redisCounters(this.redis)];
      return [
        ...readings,
        { row: 'CPU of Redis per job', unit: 'µs', value: (after.cpuMicros - before.cpuMicros) / jobs },
        { row: 'Redis commands per job', unit: 'commands', value: (after.commands - before.commands) / jobs },
        { row: 'sent by the client', unit: 'calls', value: sent / jobs },
      ];
    };
  }

  /** Starts the second process of the trial, which runs the measurement's `assist`. */
  assistant(): ChildProcess {
    return fork(this.program, [JSON.stringify({ ...this.order, assists: true })]);
  }

  /** Closes what the trial opened. */
  async end(): Promise<void> {
    await Promise.all(this.hosts.splice(0).map((host) => host.close()));
  }

  private newName(): string {
    const who = this.order.assists ? 'assistant' : 'bench';
    return `${who}-${String(process.pid)}-${String(this.names++)}`;
  }
}
