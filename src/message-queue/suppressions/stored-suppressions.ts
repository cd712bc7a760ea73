import { Issues } from '../../kernel/values/issues.js';
import { id, isRecord } from '../../kernel/values/kinds.js';
import type { Clock } from '../../kernel/time/clock.js';
import type { JobEvents } from '../jobs/events/job-events.js';
import type { Page } from '../ports/page.js';
import { AuditAction } from '../ports/privacy/audit-trail.js';
import type {
  SuppressionFilter,
  SuppressionLifting,
  SuppressionStore,
} from '../ports/suppressions/suppression-store.js';
import { isSuppressionChannel, isSuppressionReason } from '../ports/suppressions/suppression.js';
import type { Suppression, SuppressionChannel } from '../ports/suppressions/suppression.js';
import { InvalidSuppressionError, Suppressions } from '../ports/suppressions/suppressions.js';
import type { LiftCall, NewSuppression } from '../ports/suppressions/suppressions.js';
import type { AuditChain } from '../privacy/audit/audit-chain.js';
import { destinationForm } from './destination-form.js';

const LONGEST_DETAIL = 200;
const DESTINATION = id(16_384);

/** Dead destinations in the app's SuppressionStore. */
export class StoredSuppressions extends Suppressions {
  constructor(
    private readonly store: SuppressionStore,
    private readonly events: JobEvents,
    private readonly audit: AuditChain,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async suppress(suppression: NewSuppression, signal?: AbortSignal): Promise<boolean> {
    const { channel, destination, recipientId, reason, detail, at } = isRecord(suppression)
      ? suppression
      : ({} as NewSuppression);
    const issues = issuesOf(channel, destination, at);
    issues.unless(isSuppressionReason(reason), 'reason', 'must be one of SuppressionReason');
    if (recipientId !== null) issues.check('recipientId', recipientId, id());
    issues.unless(detail === null || typeof detail === 'string', 'detail', 'must be a text or null');
    throwIfAny(issues);
    const outcome = await this.store.add(
      {
        ...{ channel, destination: destinationForm(channel, destination), recipientId, reason },
        at: this.notLater(at),
        detail: detail?.slice(0, LONGEST_DETAIL) ?? null,
      },
      signal,
    );
    if (outcome === 'unchanged') return false;
    this.events.emit('suppressed', { channel, reason, recipientId });
    return true;
  }

  override async findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]> {
    if (destinations.length === 0) return [];
    const asked = destinations.map((destination) => destinationForm(channel, destination));
    const found = await this.store.findMany(channel, [...new Set(asked)], signal);
    const byForm = new Map(found.map((suppression) => [suppression.destination, suppression]));
    return destinations.flatMap((destination, i) => {
      const suppression = byForm.get(asked[i] as string);
      return suppression === undefined ? [] : [{ ...suppression, destination }];
    });
  }

  override async lift(
    channel: SuppressionChannel,
    destination: string,
    call: LiftCall,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { by, only, at } = isRecord(call) ? call : ({} as LiftCall);
    const issues = issuesOf(channel, destination, at);
    issues.unless(
      only === undefined || isSuppressionReason(only),
      'only',
      'must be one of SuppressionReason',
    );
    issues.check('by', by, id(256));
    throwIfAny(issues);
    const form = destinationForm(channel, destination);
    const lifting = {
      channel,
      destination: form,
      at: this.notLater(at),
      ...(only !== undefined && { only }),
    };
    const lift = (): Promise<Suppression | null> => this.store.lift(lifting, signal);
    const [standing] = await this.store.findMany(channel, [form], signal);
    if (standing === undefined || !isMeant(standing, lifting)) {
      await lift();
      return false;
    }
    const target = await this.audit.target('destination', `${channel}:${form}`);
    const entry = { actor: by, action: AuditAction.LIFT, target };
    const lifted = await this.audit.audited(entry, lift, (was) => (was === null ? 0 : 1));
    if (lifted === null) return false;
    const { reason, recipientId } = lifted;
    this.events.emit('suppressionLifted', { channel, reason, recipientId, by });
    return true;
  }

  override list(filter?: SuppressionFilter, signal?: AbortSignal): Promise<Page<Suppression>> {
    return this.store.list(filter, signal);
  }

  /** A claimed time that has not come would outlast whatever comes after it. */
  private notLater(at: Date | undefined): Date {
    const now = this.clock.now();
    return new Date(Math.min(now, at?.getTime() ?? now));
  }
}

function isMeant({ reason, at }: Suppression, lifting: SuppressionLifting): boolean {
  return at <= lifting.at && (lifting.only ?? reason) === reason;
}

function issuesOf(channel: unknown, destination: unknown, at: unknown): Issues {
  const issues = new Issues();
  issues.unless(isSuppressionChannel(channel), 'channel', 'must be one of SuppressionChannel');
  issues.check('destination', destination, DESTINATION);
  const isDate = at === undefined || (at instanceof Date && !Number.isNaN(at.getTime()));
  issues.unless(isDate, 'at', 'must be a valid date');
  return issues;
}

function throwIfAny(issues: Issues): void {
  issues.throwIfAny(
    InvalidSuppressionError,
    'Nothing was changed: no destination can be suppressed or lifted by this.',
  );
}
