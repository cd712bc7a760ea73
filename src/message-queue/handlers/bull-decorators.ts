import { Inject } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bull-shared';
import type * as NestBull from '@nestjs/bull';

/** `@Processor` of `@nestjs/bull`: marks the class that handles a queue's jobs, by the queue's name or Nest's options. */
export const Processor: typeof NestBull.Processor = (queue?: string | NestBull.ProcessorOptions) => {
  // It brings Bull and ioredis, which code without a processor, such as most unit tests, need not load.
  const bull = require('@nestjs/bull') as typeof NestBull;
  return bull.Processor(queue as string);
};

/** `@InjectQueue` of `@nestjs/bull`: injects Bull's `Queue` of this name. */
export const InjectQueue: typeof NestBull.InjectQueue = (name) => Inject(getQueueToken(name));
