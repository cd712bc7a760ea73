import { Redis } from 'ioredis';
import type { Subject } from '../subject.js';
import { openBull } from './bull-queues.js';
import { countCalls } from './count-calls.js';

/** Bull 4 as a host uses it without us, and without a check: the yardstick. */
export const plainBull: Subject = {
  calls: countCalls(Redis.prototype, 'sendCommand'),
  open: (request) =>
    openBull(request, {
      options: ({ level, key }, { attempts }) => ({
        ...(level !== undefined && { priority: level }),
        ...(key !== undefined && { jobId: key }),
        ...(attempts !== null && { attempts }),
      }),
    }),
};
