import type { ModuleRef } from '@nestjs/core';
import type { MessageQueueConfig } from '../message-queue.options.js';
import type { Exchange, ExchangeStep } from './http/exchange.js';
import type { HttpStep } from './http/mount.js';
import { MetricsPage } from './metrics/metrics-page.js';

/** Where the parts are, behind the global prefix; null: not there. */
export interface Addresses {
  readonly board: string | null;
  readonly rest: string | null;
  readonly console: string | null;
  readonly metrics: string | null;
}

/** What a part is made from. Services are asked for with `moduleRef.get(…, { strict: false })`, when a request needs them. */
export interface PartContext {
  readonly moduleRef: ModuleRef;
  readonly config: MessageQueueConfig;
  /** The title of board and console. */
  readonly title: string;
  /** Known once every part is mounted: ask within a request. */
  readonly addresses: () => Addresses;
}

/** What answers requests to REST. */
export interface RestParts {
  /** Whether it has such a path: the door stands before what it has, and the host's own routes get the rest. */
  readonly knows: (exchange: Exchange) => boolean;
  /** Below its path. */
  readonly answer: ExchangeStep;
  /** Whole paths of their own, behind the global prefix like all, with the same door: `/queue/metrics`. */
  readonly beside: Readonly<Record<string, ExchangeStep>>;
}

/** Makes the parts that answer requests. Each is loaded in a process that mounts it, and in no other. */
export interface PartMakers {
  readonly rest?: (context: PartContext) => RestParts;
  readonly console?: (context: PartContext) => HttpStep;
  readonly metrics?: (context: PartContext) => HttpStep;
}

/** Token of the makers of the parts. */
export const PART_MAKERS = Symbol('nestjs-message-queue:operations-parts');

/** The parts that there are. */
export const PARTS: PartMakers = {
  rest: (context) => {
    const { restParts } = require('./rest/rest-parts.js') as typeof import('./rest/rest-parts.js');
    return restParts(context);
  },
  console: ({ addresses, title }) => {
    const { consoleStep } =
      require('./console/console-step.js') as typeof import('./console/console-step.js');
    let step: HttpStep | undefined;
    return (...asked) => {
      // Where the others are is known once all are mounted.
      const { console: address, rest, board } = addresses();
      step ??= consoleStep({ address: address ?? '', restAddress: rest ?? '', boardAddress: board, title });
      return step(...asked);
    };
  },
  metrics: ({ moduleRef }) => {
    const { metricsStep } =
      require('./metrics/metrics-step.js') as typeof import('./metrics/metrics-step.js');
    return metricsStep(() => moduleRef.get(MetricsPage, { strict: false }));
  },
};
