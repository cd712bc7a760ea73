import type { Membership } from './membership.js';

/** How many jobs of each tenant wait or are delayed, by the stored names of their groups. */
export class TenantDepths {
  private readonly depths = new Map<string, number>();

  of(tenant: string): number {
    return this.depths.get(tenant) ?? 0;
  }

  /** A job begins to wait, or to be delayed. */
  add({ tenant }: Membership): void {
    if (tenant !== null) this.depths.set(tenant, this.of(tenant) + 1);
  }

  /** A job no longer does. */
  subtract({ tenant }: Membership): void {
    if (tenant === null) return;
    const depth = this.of(tenant) - 1;
    if (depth > 0) this.depths.set(tenant, depth);
    else this.depths.delete(tenant);
  }
}
