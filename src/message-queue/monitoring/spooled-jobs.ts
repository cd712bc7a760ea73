import type { Broker, SpoolDepth } from '../broker/broker.js';
import type { HealthReason } from './queue-health.js';

/** What lies in the spools of this process; null when adds are not spooled. */
export function spooledJobs(brokers: Iterable<Broker>): SpoolDepth | null {
  const depths = [...new Set(brokers)].map(({ spooled }) => spooled).filter((depth) => depth !== null);
  if (depths.length === 0) return null;
  const oldest = depths.map(({ oldestAt }) => oldestAt).filter((at) => at !== null);
  return {
    jobs: depths.reduce((sum, { jobs }) => sum + jobs, 0),
    bytes: depths.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
  };
}

/** What health says of jobs that wait on this process' disk. */
export function spoolReasons(broker: Broker): HealthReason[] {
  const { spooled } = broker;
  if (spooled === null || spooled.oldestAt === null) return [];
  const seconds = Math.max(0, Math.round((broker.now() - spooled.oldestAt) / 1_000));
  const message = `${spooled.jobs} jobs (${spooled.bytes} bytes) wait on this process' disk for Redis, the first of them for ${seconds} s. They are added by themselves once it answers.`;
  return [{ severity: 'degraded', code: 'SPOOLED', message }];
}
