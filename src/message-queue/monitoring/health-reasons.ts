import type { HealthReason, HealthStatus } from './queue-health.js';

/** As bad as the worst reason. */
export function statusOf(reasons: readonly Pick<HealthReason, 'severity'>[]): HealthStatus {
  if (reasons.some(({ severity }) => severity === 'unhealthy')) return 'unhealthy';
  return reasons.length > 0 ? 'degraded' : 'healthy';
}

/** The worst first, otherwise in the order given. */
export function worstFirst(reasons: readonly HealthReason[]): HealthReason[] {
  return [...reasons].sort((a, b) => Number(b.severity === 'unhealthy') - Number(a.severity === 'unhealthy'));
}

/** One thing that keeps jobs from getting done. */
export function unhealthy(code: HealthReason['code'], message: string): HealthReason {
  return { severity: 'unhealthy', code, message };
}

/** One thing that needs attention. */
export function degraded(code: HealthReason['code'], message: string): HealthReason {
  return { severity: 'degraded', code, message };
}

/** A share in words. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
