import { isRecord } from '../../../kernel/values/kinds.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import type { ErasedKind } from '../../ports/privacy/tombstone.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import { sealedFieldsOf } from '../sealed-fields.decorators.js';
import type { IdentifyingField } from '../sealed-fields.decorators.js';

/** Ids that are looked for one by one in a stored text; of more, every text is looked at here. */
const MOST_TEXTS = 16;

/** What the jobs are about that are looked for. */
export interface WantedJobs {
  readonly kind: ErasedKind;
  /** Each with the time until which a job must have been made, by its `createdAt`; null: whenever it was. */
  readonly ids: ReadonlyMap<string, Date | null>;
  /** Jobs in these conversations stay. */
  readonly exceptConversations: ReadonlySet<string>;
}

/** The jobs that a target is about. */
export function wantedBy(target: TraceTarget): WantedJobs {
  switch (target.kind) {
    case 'messages':
      return jobsAbout('message', target.messageIds);
    case 'conversation':
      return jobsAbout('conversation', [target.conversationId]);
    case 'deletions': {
      const ids = target.deletions.map(
        ({ conversationId, deletedAt }) => [conversationId, deletedAt] as const,
      );
      return { kind: 'conversation', ids: new Map(ids), exceptConversations: new Set() };
    }
    case 'subject':
      return jobsAbout('subject', [target.subjectId], target.exceptConversations);
  }
}

function jobsAbout(
  kind: ErasedKind,
  ids: readonly string[],
  exceptConversations: readonly string[] = [],
): WantedJobs {
  return {
    kind,
    ids: new Map(ids.map((id) => [id, null])),
    exceptConversations: new Set(exceptConversations),
  };
}

/**
 * Texts of which a stored payload has one when it names one of these ids: an id in JSON, or a backslash, with which another writer may have
 * spelled it. Of many ids: what every payload has.
 */
export function textsNaming({ ids }: Pick<WantedJobs, 'ids'>): string[] {
  return ids.size > MOST_TEXTS ? ['{'] : [...[...ids.keys()].map((id) => JSON.stringify(id)), '\\'];
}

/** Tells by the readable fields of a queue's jobs what they are about. */
export class JobMatcher {
  private readonly fields: ReadonlyMap<string, readonly IdentifyingField[]>;

  constructor({ jobs }: Pick<QueueDefinition, 'jobs'>) {
    this.fields = new Map(
      Object.entries(jobs).map(([name, type]) => [name, sealedFieldsOf(type).identifies]),
    );
  }

  /** @param job its payload as JSON. Nothing is known of a job that the queue does not define */
  isWanted(
    job: { readonly id: string; readonly name: string; readonly data: string },
    wanted: WantedJobs,
  ): boolean {
    const identifying = this.fields.get(job.name) ?? [];
    const fields = identifying.filter(({ kind }) => kind === wanted.kind);
    if (fields.length === 0) return false;
    const payload = payloadIn(job.data);
    const isExcepted = identifying.some(
      ({ kind, field }) =>
        kind === 'conversation' && wanted.exceptConversations.has(payload[field] as string),
    );
    return (
      !isExcepted &&
      fields.some(({ field, orJobId }) => {
        const until = wanted.ids.get((payload[field] ?? (orJobId ? job.id : undefined)) as string);
        return until !== undefined && (until === null || isMadeUntil(payload, until));
      })
    );
  }
}

/** False where the payload does not say when it was made. */
function isMadeUntil({ createdAt }: Readonly<Record<string, unknown>>, until: Date): boolean {
  return typeof createdAt === 'string' && new Date(createdAt) <= until;
}

/** Nothing, for what is no JSON object. */
function payloadIn(data: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(data);
    return isRecord(payload) ? payload : {};
  } catch {
    return {};
  }
}
