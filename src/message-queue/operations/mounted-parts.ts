import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { AccessMethod } from './access/admission.js';
import type { Doors } from './access/doors/doors.js';
import { MetricsAccess } from './access/metrics-access.js';
import { answeredBy, stepOf } from './http/exchange.js';
import type { ExchangeStep } from './http/exchange.js';
import { mountAt, mountedAddress } from './http/mount.js';
import type { HttpStep } from './http/mount.js';
import { refuseAsProblem, refuseInText } from './access/doors/refusals.js';
import type { PartContext, PartMakers } from './parts.js';

/** A part that is in the web server. */
export interface MountedPart {
  readonly name: 'rest' | 'console' | 'metrics';
  /** Behind the global prefix. */
  readonly address: string;
  /** Who may use it, in words that complete "open to". */
  readonly openTo: string;
}

interface Placed {
  readonly path: string;
  readonly answer: ExchangeStep;
  readonly openTo: string;
  readonly isExact?: boolean;
}

/** Puts the parts into the web server of the app, each behind its door. */
export class MountedParts {
  readonly list: MountedPart[] = [];

  constructor(
    private readonly doors: Doors,
    private readonly context: PartContext,
    private readonly makers: PartMakers,
  ) {}

  mount(server: HttpServer, app: ApplicationConfig): void {
    const { rest, console } = this.context.config.operations;
    const metrics = this.metrics();
    if (rest !== null && this.makers.rest !== undefined) {
      const [own, ...beside] = this.#rest(rest.path, this.makers.rest);
      this.#mount(server, app, own, 'rest');
      for (const placed of beside) this.#mount(server, app, placed);
    }
    if (console !== null && this.makers.console !== undefined) {
      this.#mount(server, app, this.#console(console.path, this.makers.console), 'console');
    }
    if (metrics !== null) this.#mount(server, app, metrics, 'metrics');
  }

  /** Metrics behind their door, for the web server and for a port of their own; null where there are none. */
  metrics(): (Placed & { readonly step: HttpStep }) | null {
    const { metrics } = this.context.config.operations;
    if (metrics === null || this.makers.metrics === undefined) return null;
    const access = new MetricsAccess(metrics.token, this.#method('Metrics'));
    const door = this.doors.door({ via: 'metrics', access, refuse: refuseInText });
    const answer = door.before(answeredBy(this.makers.metrics(this.context)));
    return { path: metrics.path, answer, openTo: access.openTo, isExact: true, step: stepOf(answer) };
  }

  #rest(path: string, make: NonNullable<PartMakers['rest']>): [Placed, ...Placed[]] {
    const access = this.#method('REST');
    const { openTo } = access;
    const door = this.doors.door({ via: 'rest', access, refuse: refuseAsProblem });
    const { knows, answer, beside } = make(this.context);
    const behind = door.before(answer);
    const own = (exchange: Parameters<ExchangeStep>[0]): ReturnType<ExchangeStep> =>
      knows(exchange) && behind(exchange);
    const others = Object.entries(beside).map(([address, answersThere]) => {
      return { path: address, answer: door.before(answersThere), openTo, isExact: true };
    });
    return [{ path, answer: own, openTo }, ...others];
  }

  #console(path: string, make: NonNullable<PartMakers['console']>): Placed {
    const access = this.#method('The console');
    const door = this.doors.door({ via: 'console', access, refuse: refuseInText });
    return { path, answer: door.before(answeredBy(make(this.context))), openTo: access.openTo };
  }

  /** @param name of a part that is listed */
  #mount(server: HttpServer, app: ApplicationConfig, placed: Placed, name?: MountedPart['name']): void {
    const { path, answer, openTo, isExact } = placed;
    const address = mountedAddress(app, path);
    if (!mountAt(server, address, stepOf(answer), { isExact })) {
      new SafeLogger('MessageQueueModule').warn(
        `${path} is off: it works on Express and Fastify, and this app runs on ${server.getType()}.`,
      );
    } else if (name !== undefined) this.list.push({ name, address, openTo });
  }

  #method(name: string): AccessMethod {
    return this.doors.method({ name, user: 'local' });
  }
}
