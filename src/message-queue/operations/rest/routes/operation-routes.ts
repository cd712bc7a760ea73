import type { AuditList } from '../answers.js';
import { look, remove } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import { toJson } from '../to-json.js';
import { CURSOR, LIMIT } from './paging.js';

/** What people did, and what still goes on. */
export const OPERATION_ROUTES: readonly Route[] = [
  look('audit', {
    about: 'What people changed, or tried to, the newest first; the last 10 000.',
    query: { limit: LIMIT, cursor: CURSOR },
    answer: ref('AuditList'),
    handle: async ({ query: { limit, cursor: before } }, { activity }) => {
      const entries = await activity().notes({ limit, ...(before !== undefined && { before }) });
      const last = entries.length < limit ? undefined : entries.at(-1);
      return { entries, cursor: last?.id ?? null } satisfies AuditList;
    },
  }),
  look('operations/:id', {
    about: 'How far a change of many is that goes on by itself.',
    answer: ref('LongOperation'),
    handle: async ({ params: { id = '' } }, { longChanges }) => toJson(await longChanges.get(id)),
  }),
  remove('operations/:id', {
    about: 'Ends it after the batch under way, in whichever process it runs. What has moved stays moved.',
    answer: ref('LongOperation'),
    handle: async ({ params: { id = '' }, by }, { longChanges }) =>
      toJson(await longChanges.stop(id, by.name)),
  }),
];
