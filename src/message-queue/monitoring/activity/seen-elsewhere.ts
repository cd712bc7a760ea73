import type { BrokerLook } from '../../broker/activity-store.js';
import type { SeenElsewhere } from '../rules/health-rules.js';
import { isAlive } from './recent-activity.js';

/** What the other processes that live say of a queue. @param own id of this process, if it is one of them */
export function seenElsewhere(
  { instances, at }: Pick<BrokerLook, 'instances' | 'at'>,
  queue: string,
  own?: string,
): SeenElsewhere {
  const others = instances.filter((instance) => instance.id !== own && isAlive(instance, at));
  const stuck = others.flatMap(({ host, pid, queues }) => {
    const handlers = (Object.hasOwn(queues, queue) ? queues[queue]?.[2] : undefined) ?? 0;
    return handlers === 0 ? [] : [{ process: `${host} (pid ${pid})`, handlers }];
  });
  const blockedBy = others.flatMap(({ blocked = {} }) =>
    Object.hasOwn(blocked, queue) ? blocked[queue] : [],
  );
  const names = blockedBy.filter((name) => name !== undefined);
  return { stuck, blockedBy: [...new Set(names)].sort() };
}
