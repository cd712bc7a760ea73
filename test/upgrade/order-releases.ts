import { Processor } from '@nestjs/bull';
import type { Type } from '@nestjs/common';
import { IsIn, IsInt, IsString } from 'class-validator';
import { defineQueue, JobHandler } from '../../src/message-queue/index.js';
import type { JobContext, QueueDefinition } from '../../src/message-queue/index.js';

/** Two releases of one app: what each knows of the queue `orders`, and who handles it. */

class PlaceOrder1 {
  @IsString()
  article!: string;

  @IsIn(['normal', 'fast'])
  speed!: string;
}

class PlaceOrder2 {
  @IsString()
  article!: string;

  @IsIn(['standard', 'express'])
  speed!: string;

  @IsInt()
  amount!: number;
}

class OrderId {
  @IsString()
  order!: string;
}

const SETTINGS = {
  ...{ name: 'orders', description: 'Orders.', concurrency: 10, attempts: 2, timeoutMs: 30_000 },
  backoff: { type: 'fixed', delayMs: 50 },
} as const;

/** Release 1: has `archive`, which release 2 gave up. */
export const ORDERS_1 = defineQueue({
  ...SETTINGS,
  jobs: { place: PlaceOrder1, remind: OrderId, archive: OrderId },
});

/** Release 2: has `refund`, and orders have an amount; their speeds were renamed; the table has changed. */
export const ORDERS_2 = defineQueue({
  ...SETTINGS,
  ...{ concurrency: 4, attempts: 4, backoff: { type: 'exponential', delayMs: 20 } },
  jobs: {
    place: {
      payload: PlaceOrder2,
      version: 2,
      upcast: (_version, order) => ({
        ...order,
        speed: order['speed'] === 'fast' ? 'express' : 'standard',
        amount: 1,
      }),
    },
    remind: { payload: OrderId, version: 2 },
    refund: OrderId,
  },
});

/** What a handler tells of each of its runs. */
export type TellRun = (job: string, payload: object, context: JobContext) => Promise<void> | void;

/** The definition and the processor of a release. */
export function release(
  number: 1 | 2,
  tell: TellRun,
): { readonly orders: QueueDefinition; readonly processor: Type<object> } {
  @Processor('orders')
  class Orders1 {
    @JobHandler('remind')
    remind(payload: OrderId, context: JobContext): Promise<void> | void {
      return tell('remind', payload, context);
    }

    @JobHandler('place')
    place(payload: PlaceOrder1, context: JobContext): Promise<void> | void {
      return tell('place', payload, context);
    }

    @JobHandler('archive')
    archive(payload: OrderId, context: JobContext): Promise<void> | void {
      return tell('archive', payload, context);
    }
  }

  @Processor('orders')
  class Orders2 {
    @JobHandler('remind')
    remind(payload: OrderId, context: JobContext): Promise<void> | void {
      return tell('remind', payload, context);
    }

    @JobHandler('place')
    place(payload: PlaceOrder2, context: JobContext): Promise<void> | void {
      return tell('place', payload, context);
    }

    @JobHandler('refund')
    refund(payload: OrderId, context: JobContext): Promise<void> | void {
      return tell('refund', payload, context);
    }
  }

  if (number === 1) return { orders: ORDERS_1, processor: Orders1 };
  return { orders: ORDERS_2, processor: Orders2 };
}
