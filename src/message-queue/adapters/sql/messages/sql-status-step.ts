import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import type { StatusChange } from '../../../ports/messages/message-store.js';
import type { RecipientRow } from './sql-message.rows.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { toText } from '../database/sql-values.js';

type RecipientExpressions = ExpressionBuilder<SqlSchema, 'mq_message_recipients'>;
type StepColumn = 'status' | 'status_at' | 'advanced_by' | 'failure_reason';

/** The status a step may replace; the rule is `advancesStatus`. From `failed`, `sent` and `pending` must not be older than the failure. */
const REPLACES = {
  sent: ['pending'],
  delivered: ['pending', 'sent', 'failed'],
  read: ['pending', 'sent', 'delivered', 'failed'],
  failed: ['pending', 'sent'],
} as const;

const TIME_COLUMN = {
  sent: 'sent_at',
  delivered: 'delivered_at',
  read: 'read_at',
  failed: 'failed_at',
} as const;

/**
 * What one update writes: the step if the stored status lets it through, and in any case its time, unless one is there. `changeId`
 * is in `advanced_by` afterwards only if this update was the one that moved the status.
 */
export function statusStep(eb: RecipientExpressions, change: StatusChange, changeId: string) {
  const at = change.at.getTime();
  const time = change.status === DeliveryStatus.PENDING ? null : TIME_COLUMN[change.status];
  const isStep = advances(eb, change.status, at);
  const ifAdvancing = <C extends StepColumn>(column: C, value: RecipientRow[C]) =>
    eb.case().when(isStep).then(eb.val(value)).else(eb.ref(column)).end();
  return {
    status: ifAdvancing('status', change.status),
    status_at: ifAdvancing('status_at', at),
    advanced_by: ifAdvancing('advanced_by', changeId),
    ...(time !== null && { [time]: eb.fn.coalesce(eb.ref(time), stepTimeOf(eb, change.status, at)) }),
    ...(change.status === 'failed' && {
      failure_reason: ifAdvancing('failure_reason', toText((change.reason ?? '').slice(0, 500)) || null),
    }),
  };
}

function advances(eb: RecipientExpressions, next: StatusChange['status'], at: number): Expression<SqlBool> {
  const isOlderFailure = eb.and([eb('status', '=', DeliveryStatus.FAILED), eb('status_at', '<=', at)]);
  if (next === DeliveryStatus.PENDING) return isOlderFailure;
  const replaces = eb('status', 'in', REPLACES[next]);
  return next === DeliveryStatus.SENT ? eb.or([replaces, isOlderFailure]) : replaces;
}

/** The rule of `stepTime`, where the row is. */
function stepTimeOf(eb: RecipientExpressions, status: StatusChange['status'], at: number) {
  const createdAt = eb.ref('created_at');
  const earliest =
    status === 'read'
      ? eb.fn.coalesce('delivered_at', 'sent_at', createdAt)
      : status === 'delivered'
        ? eb.fn.coalesce('sent_at', createdAt)
        : createdAt;
  const notTooEarly = eb
    .case()
    .when(eb(earliest, '>', at))
    .then(earliest)
    .else(eb.val(at))
    .end();
  if (status !== 'sent' && status !== 'delivered') return notTooEarly;
  const latest = status === 'sent' ? eb.fn.coalesce('delivered_at', 'read_at') : eb.ref('read_at');
  return eb
    .case()
    .when(eb(latest, '<', notTooEarly))
    .then(latest)
    .else(notTooEarly)
    .end();
}
