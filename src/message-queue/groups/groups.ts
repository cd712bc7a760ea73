import { Injectable } from '@nestjs/common';
import type { GroupId, GroupPage, GroupState, GroupStatus } from '../broker/groups-of-queue.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { answerOf } from '../facade/broker-answer.js';
import { escaped } from '../../kernel/logging/printable.js';
import { Issues } from '../../kernel/values/issues.js';
import { id, isRecord, matching, oneOf, wholeNumber } from '../../kernel/values/kinds.js';
import { plainText } from '../../kernel/values/plain-text.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import { groupName } from '../jobs/flow/group-name.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import type { PrivacyCall } from '../privacy/audit/privacy-call.js';
import { QueueAudit } from '../privacy/audit/queue-audit.js';
import { namedGroup } from './named-group.js';
import type { NamedGroup } from './named-group.js';

/** Which groups to list. */
export interface GroupQuery {
  readonly state: GroupState;
  /** Of the page before. Default: the first page. */
  readonly cursor?: string | null;
  /** 1 to 1 000. Default 100. A page may hold fewer although others follow: its `cursor` says whether they do. */
  readonly limit?: number;
}

/** Who releases a key, and of which job it must be. */
export interface ReleaseCall extends PrivacyCall {
  /** Does nothing unless this is the job for which the key stands still: what somebody looked at may be over. Default: whichever it is. */
  readonly jobId?: string;
}

/**
 * What a release did: `released`, the key goes on. `not-parked`: it does not stand still, or not for the job that the call names.
 * `released-meanwhile`: somebody else replayed or discarded the job between the look at it and the act.
 */
export type ReleaseOutcome = 'released' | 'not-parked' | 'released-meanwhile';

type Queue<D extends QueueDefinition> = D | string;
type Named<D extends QueueDefinition> = NamedGroup<JobNameOf<D>>;

const ANY = { by: 'app' };
const STATE = oneOf('holding', 'parked', 'paused', 'sleeping');
const LIMIT = wholeNumber(1, 1_000);
const CURSOR = matching('the cursor of the page before', /^\d{1,20}$/);
const REASON = id(500);
const FATE = oneOf('replay', 'discard');
const SLOTS = wholeNumber(0);

/**
 * The groups of the app's queues, that is of their keys, tenants and batches: `messageQueue.groups`. A queue is named by its definition or its
 * name. Every call rejects with `UnknownQueueError` for one that is not registered, with `InvalidJobOptionsError` that lists all that is wrong
 * with it, and with `BrokerUnavailableError` when the broker does not answer within 2 s: the same call again is safe. What is done to groups is
 * written to the audit, which names keys and tenants by hashes.
 */
@Injectable()
export class Groups {
  constructor(
    private readonly queues: ManagedQueues,
    private readonly audit: QueueAudit,
  ) {}

  /** Groups in a state, a page at a time; of those that hold jobs, those first that began first. */
  async list(queue: Queue<QueueDefinition>, query: GroupQuery): Promise<GroupPage> {
    const managed = this.managed(queue);
    const { definition, broker } = managed;
    const issues = new Issues();
    const { state, cursor = null, limit = 100 } = isRecord(query) ? query : ({} as GroupQuery);
    const declare =
      'has no groups; declare flow.key or flow.tenant in defineQueue or in forRoot({ queues }), or a batch in defineQueue';
    issues.unless(definition.flow !== undefined, 'queue', declare);
    issues.check('state', state, STATE);
    if (cursor !== null) issues.check('cursor', cursor, CURSOR);
    issues.check('limit', limit, LIMIT);
    throwIfAny(issues, definition.name);
    const page = broker.groupsOf(managed.queue).list({ state, cursor, limit });
    return answerOf(managed, 'the groups', page);
  }

  /** How one group stands, whether or not it has jobs. */
  async read<D extends QueueDefinition>(queue: Queue<D>, group: Named<D>): Promise<GroupStatus> {
    const { managed, which } = this.meant(queue, group);
    return answerOf(managed, 'a group', managed.broker.groupsOf(managed.queue).read(which));
  }

  /**
   * From now on none of its jobs starts, those that stood in a lane included; runs go on, and so does expiry. It may be said of a group that
   * has no jobs yet, and lasts until {@link resume}. Said again, the reason changes.
   * @param reason for people, 1 to 500 characters; kept with the group and shown on the board
   */
  async pause<D extends QueueDefinition>(
    queue: Queue<D>,
    group: Named<D>,
    reason: string,
    call: PrivacyCall = {},
  ): Promise<void> {
    const { managed, which } = this.meant(queue, group, (issues) => issues.check('reason', reason, REASON));
    const paused = managed.broker.groupsOf(managed.queue).pause(which, escaped(reason));
    await answerOf(managed, 'the pause of a group', paused);
    await this.note('pause', managed, which, call);
  }

  /** Lets its jobs start again. @returns whether it was paused */
  async resume<D extends QueueDefinition>(
    queue: Queue<D>,
    group: Named<D>,
    call: PrivacyCall = {},
  ): Promise<boolean> {
    const { managed, which } = this.meant(queue, group);
    const resumed = managed.broker.groupsOf(managed.queue).resume(which);
    const wasPaused = await answerOf(managed, 'the resumption of a group', resumed);
    await this.note('resume', managed, which, call);
    return wasPaused;
  }

  /**
   * Ends the standstill of a key, by saying what becomes of the dead letter for which it stands still: it runs again, before all that waits
   * behind it, or it is removed for good and the next one goes.
   * @throws AuditUnavailableError, InvalidAuditEntryError when it cannot be written down; then nothing was done
   */
  async release<D extends QueueDefinition>(
    queue: Queue<D>,
    group: Extract<Named<D>, { readonly key: string }> | GroupId,
    fate: 'replay' | 'discard',
    call: ReleaseCall = {},
  ): Promise<ReleaseOutcome> {
    const { managed, which } = this.meant(queue, group, (issues, { gate }) => {
      issues.unless(
        gate === 'key',
        'group',
        'must be that of a key; no other one stands still for a dead letter',
      );
      issues.check('fate', fate, FATE);
    });
    const { parkedBy } = await this.read(managed.definition, which);
    if (parkedBy === undefined || parkedBy.jobId !== (call.jobId ?? parkedBy.jobId)) return 'not-parked';
    const { broker } = managed;
    const { jobId } = parkedBy;
    const { by = ANY.by, reason } = call;
    const deed = { action: fate, queues: [managed.definition.name], jobId, by, reason };
    const act = (): Promise<ReadonlySet<string>> =>
      fate === 'discard'
        ? broker.discard(managed.queue, [{ id: jobId }])
        : broker.replay(managed.queue, [{ id: jobId }], { at: broker.now(), by });
    const done = await this.audit.audited(
      deed,
      () => answerOf(managed, `the ${fate} of job "${jobId}"`, act()),
      (ids) => ids.size,
    );
    return done.has(jobId) ? 'released' : 'released-meanwhile';
  }

  /**
   * Changes how many jobs of a key or a tenant may run at the same time, or of a weighted tenant stand in the lane: 0 stops it, and more than one
   * gives up the order inside a key. It outlives restarts and deploys; null: as the queue's `flow` says.
   */
  async setSlots<D extends QueueDefinition>(
    queue: Queue<D>,
    group: Named<D>,
    slots: number | null,
    call: PrivacyCall = {},
  ): Promise<void> {
    const { managed, which } = this.meant(queue, group, (issues, { gate }) => {
      issues.unless(
        gate !== 'batch',
        'group',
        'must be that of a key or a tenant; batches run one at a time',
      );
      if (slots !== null) issues.check('slots', slots, SLOTS);
    });
    const set = managed.broker.groupsOf(managed.queue).setSlots(which, slots);
    await answerOf(managed, 'the slots of a group', set);
    await this.note('set-slots', managed, which, call);
  }

  private managed(queue: Queue<QueueDefinition>): ManagedQueue {
    return this.queues.get(isRecord(queue) ? plainText(queue['name']) : plainText(queue));
  }

  /** @param further looks at what else the call says */
  private meant(
    queue: Queue<QueueDefinition>,
    named: unknown,
    further?: (issues: Issues, group: Partial<GroupId>) => unknown,
  ): { readonly managed: ManagedQueue; readonly which: GroupId } {
    const managed = this.managed(queue);
    const { name, flow } = managed.definition;
    const issues = new Issues();
    const which = namedGroup(flow, named, issues);
    further?.(issues, which ?? {});
    throwIfAny(issues, name);
    return { managed, which: which as GroupId };
  }

  /** Can be taken back, so that it is done in any case. */
  private note(
    action: 'pause' | 'resume' | 'set-slots',
    { definition }: ManagedQueue,
    { gate, id: groupId }: GroupId,
    call: PrivacyCall,
  ): Promise<void> {
    return this.audit.note({ ...call, action, queues: [definition.name], group: groupName(gate, groupId) });
  }
}

function throwIfAny(issues: Issues, queue: string): void {
  issues.throwIfAny(InvalidJobOptionsError, `The call for groups of queue "${queue}" is wrong:`, { queue });
}
