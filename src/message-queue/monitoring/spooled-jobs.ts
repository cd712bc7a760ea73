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
    waits: depths.flatMap(({ waits }) => waits),
    setAside: depths.flatMap(({ setAside }) => setAside),
  };
}

/** What health says of jobs on this process' disk. */
export function spoolReasons(broker: Broker): HealthReason[] {
  const { spooled } = broker;
  if (spooled === null) return [];
  return [...waitingReasons(spooled, broker.now()), ...setAsideReasons(spooled)];
}

function waitingReasons({ jobs, bytes, oldestAt, waits }: SpoolDepth, now: number): HealthReason[] {
  if (oldestAt === null) return [];
  const seconds = Math.max(0, Math.round((now - oldestAt) / 1_000));
  const message = [
    `${jobs} jobs (${bytes} bytes) wait on this process' disk for Redis, the first of them for ${seconds} s. They are added by themselves once it takes them.`,
    ...waits.map(
      (trouble) => `"${trouble.queue}" (${trouble.jobs} jobs, ${trouble.code}): ${trouble.message}`,
    ),
  ];
  return [{ severity: 'degraded', code: 'SPOOLED', message: message.join(' ') }];
}

function setAsideReasons({ setAside }: SpoolDepth): HealthReason[] {
  return setAside.map(({ queue, jobs, code, message }) => ({
    severity: 'degraded',
    code: 'SPOOL_SET_ASIDE',
    message: `${jobs} acknowledged jobs of "${queue}" cannot be added as they are (${code}) and were set aside in the spool. The first: ${message} Each start of the process tries them again.`,
  }));
}
