import type { GroupId, GroupStatus } from '../broker/groups-of-queue.js';
import type { Groups, ReleaseOutcome } from '../groups/groups.js';
import type { NamedGroup } from '../groups/named-group.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';

/** One group of a queue: looked at, and acted on as the service does. Jobs that may start by it run with the next `drain` or `advance`. */
export class GroupUnderTest<D extends QueueDefinition = QueueDefinition> {
  /** @param named of which queue it has been said */
  constructor(
    private readonly groups: Groups,
    private readonly definition: D,
    private readonly named: NamedGroup<JobNameOf<D>>,
  ) {}

  /** All that can be told of it, whether or not it has jobs. */
  status(): Promise<GroupStatus> {
    return this.groups.read(this.definition, this.named);
  }

  /** How many jobs wait for a slot of it. */
  async held(): Promise<number> {
    return (await this.status()).held;
  }

  /** Id of the dead letter for which it stands still; null when it does not. */
  async parkedBy(): Promise<string | null> {
    return (await this.status()).parkedBy?.jobId ?? null;
  }

  /** @param reason default: that the test said so */
  pause(reason = 'The test said so.'): Promise<void> {
    return this.groups.pause(this.definition, this.named, reason);
  }

  /** @returns whether it was paused */
  resume(): Promise<boolean> {
    return this.groups.resume(this.definition, this.named);
  }

  /** Says what becomes of the dead letter for which a key stands still. */
  release(fate: 'replay' | 'discard'): Promise<ReleaseOutcome> {
    return this.groups.release(this.definition, this.named as GroupId, fate);
  }

  setSlots(slots: number | null): Promise<void> {
    return this.groups.setSlots(this.definition, this.named, slots);
  }
}
