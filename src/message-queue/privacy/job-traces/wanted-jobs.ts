import { isRecord } from '../../../kernel/values/kinds.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import type { ErasedKind } from '../../ports/privacy/tombstone.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import { sealedFieldsOf } from '../sealed-fields.decorators.js';
import type { IdentifyingField } from '../sealed-fields.decorators.js';

/** What the jobs are about that are looked for. */
export interface WantedJobs {
  readonly kind: ErasedKind;
  readonly id: string;
  /** Jobs in these conversations stay. */
  readonly exceptConversations: ReadonlySet<string>;
}

/** Null for a target that jobs are not looked for by. */
export function wantedBy(target: TraceTarget): WantedJobs | null {
  switch (target.kind) {
    case 'conversation':
      return { kind: 'conversation', id: target.conversationId, exceptConversations: new Set() };
    case 'subject': {
      const exceptConversations = new Set(target.exceptConversations);
      return { kind: 'subject', id: target.subjectId, exceptConversations };
    }
    case 'messages':
      return null;
  }
}

/** Texts of which a stored payload has one when it names an id: the id in JSON, or a backslash, with which another writer may have spelled it. */
export function textsNaming(id: string): string[] {
  return [JSON.stringify(id), '\\'];
}

/** Tells by the readable fields of a queue's jobs what they are about. */
export class JobMatcher {
  private readonly fields: ReadonlyMap<string, readonly IdentifyingField[]>;

  constructor({ jobs }: Pick<QueueDefinition, 'jobs'>) {
    this.fields = new Map(
      Object.entries(jobs).map(([name, type]) => [name, sealedFieldsOf(type).identifies]),
    );
  }

  /** @param data the payload as JSON. Nothing is known of a job that the queue does not define */
  isWanted({ name, data }: { readonly name: string; readonly data: string }, wanted: WantedJobs): boolean {
    const identifying = this.fields.get(name) ?? [];
    if (!identifying.some(({ kind }) => kind === wanted.kind)) return false;
    const payload = payloadIn(data);
    const isExcepted = identifying.some(
      ({ kind, field }) =>
        kind === 'conversation' && wanted.exceptConversations.has(payload[field] as string),
    );
    return (
      !isExcepted &&
      identifying.some(({ kind, field }) => kind === wanted.kind && payload[field] === wanted.id)
    );
  }
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
