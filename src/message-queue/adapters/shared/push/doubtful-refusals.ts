import { createHash } from 'node:crypto';

/** So many destinations of a service may be refused, with nothing taken before, until the settings are doubted. */
const MOST_IN_DOUBT = 5;

/**
 * Tells a dead destination from wrong settings where a service has one answer for both: a token of another app, or our key for the wrong app.
 * Once a service has taken anything with these settings, they are right, and each refusal is about its destination. Until then the first five
 * are taken for that too, and the next are doubted: with wrong settings every destination would be given up.
 */
export class DoubtfulRefusals {
  private readonly trusted = new Set<string>();
  private readonly refused = new Map<string, Set<string>>();

  /** The service has taken something. @param service one of few, whatever people register */
  taken(service: string): void {
    this.trusted.add(service);
    this.refused.delete(service);
  }

  /**
   * The service refuses a destination, or us.
   * @returns whether that is taken to be about the destination
   */
  isOfDestination(service: string, destination: string): boolean {
    if (this.trusted.has(service)) return true;
    const refused = this.refused.get(service) ?? new Set();
    this.refused.set(service, refused);
    const digest = createHash('sha256').update(destination).digest('base64');
    if (refused.size < MOST_IN_DOUBT) refused.add(digest);
    return refused.has(digest);
  }
}
