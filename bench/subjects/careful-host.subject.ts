import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { plainToInstance } from 'class-transformer';
import { validateOrReject } from 'class-validator';
import { Redis } from 'ioredis';
import type { ChatMessage } from '../chat-message.js';
import type { Subject } from '../subject.js';
import { openBull } from './bull-queues.js';
import { ChatMessageDto } from './chat-message.dto.js';
import { countCalls } from './count-calls.js';

async function checked(message: ChatMessage): Promise<ChatMessageDto> {
  const instance = plainToInstance(ChatMessageDto, message);
  await validateOrReject(instance, { whitelist: true, forbidNonWhitelisted: true });
  return instance;
}

const BACKOFF = { type: 'exponential', delay: 2_000 };

/**
 * Bull as a careful host uses it: the message is checked before it is added and before it runs, every job has an id of
 * its own, attempts and a backoff. What this library does too, and little of the rest: the fair peer of the whole road.
 */
export const carefulHost: Subject = {
  calls: countCalls(Redis.prototype, 'sendCommand'),
  open: (request) =>
    openBull(request, {
      admit: checked,
      receive: checked,
      options: ({ level, key }, { attempts }) => ({
        jobId: key ?? `m_${randomUUID()}`,
        ...(level !== undefined && { priority: level }),
        ...(attempts === null ? { attempts: 5, backoff: BACKOFF } : { attempts }),
      }),
    }),
};
