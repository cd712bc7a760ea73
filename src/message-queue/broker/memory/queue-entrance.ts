import { dueOptions } from '../../admission/flow/due-time.js';
import { admitJob, admitOptions } from '../../admission/job-admission.js';
import type { AdmittedJob } from '../../admission/job-admission.js';
import { newJobId } from '../../admission/job-id.js';
import { groupName, groupsOf } from '../../jobs/flow/group-name.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { OrdinaryAdd } from '../broker.js';
import { queueFull, tenantFull } from '../rules/add-errors.js';
import { tenantLimit } from '../rules/group-rules.js';
import { isCritical, waitingLimit } from '../rules/waiting-limit.js';
import type { NewJob } from './bull/adding/new-job.js';
import { CompactOptions } from './store/compact-options.js';
import type { QueueEngine } from './store/queue-engine.js';

/** What every job passes that a managed queue takes: its options are checked, it is put into its form, and there is room for it. */
export class QueueEntrance {
  private readonly compact: CompactOptions;
  /** Whether the add under way may use the reserve; adds are synchronous, so there is only one. */
  private critical = false;

  constructor(
    private readonly definition: SealableQueue,
    private readonly engine: QueueEngine,
  ) {
    this.compact = new CompactOptions((given) =>
      admitOptions(definition.name, definition, 'any', given, engine.clock.now()),
    );
  }

  /** @throws InvalidJobOptionsError, InvalidPayloadError as `admitJob` */
  admit(
    name: string,
    data: unknown,
    options: ManagedJobOptions,
    dueAt?: number,
  ): AdmittedJob | Promise<AdmittedJob> {
    const { definition } = this;
    const now = this.engine.clock.now();
    return admitJob(definition.name, definition, name, data, dueOptions(options, dueAt, now), now);
  }

  /** An ordinary job as it is stored. */
  ordinary({ name, data, options, critical }: OrdinaryAdd): NewJob {
    this.critical = isCritical(critical, options);
    const timestamp = this.engine.clock.now();
    return {
      name,
      json: data.json,
      id: newJobId(),
      timestamp,
      options: this.compact.ordinaryAt(options.priority),
    };
  }

  /** A job that was admitted as it is stored. */
  toStore(name: string, { json, options }: AdmittedJob, critical?: boolean): NewJob {
    this.critical = isCritical(critical, options);
    const { jobId, timestamp = 0 } = options;
    const id = jobId === undefined ? null : String(jobId);
    return { name, json, id, timestamp, options: this.compact.of(options) };
  }

  /** Whether the queue, and the job's tenant in it, takes the job that was last put into its form. @throws QueueFullError */
  assertRoom({ name: job, options }: NewJob): void {
    if (options.repeat !== undefined) return;
    const { name: queue, maxWaiting, flow } = this.definition;
    const { waitingCount, store } = this.engine;
    const place = { queue, job };
    const depth = waitingCount + store.delayed.size;
    if (depth >= waitingLimit(maxWaiting, this.critical)) throw queueFull(place, depth, maxWaiting);
    const { tenant } = groupsOf(flow, job, options.mq);
    if (tenant === undefined) return;
    const ofTenant = store.tenantDepths.of(groupName('tenant', tenant));
    const limit = tenantLimit(flow?.tenant, maxWaiting);
    if (ofTenant >= limit) throw tenantFull(place, tenant, ofTenant, limit);
  }
}
