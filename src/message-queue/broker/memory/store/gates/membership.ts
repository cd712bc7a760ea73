/** The groups that a job belongs to, and how it stands in them. */
export class Membership {
  /** The group in whose line it stands; null when it stands in none. */
  lineOf: string | null = null;
  /** Its place in that line: the order in which jobs came to the group. */
  place = 0;
  /** A dead letter that keeps its slot, for which its key stands still. */
  parks = false;

  constructor(
    /** Stored name of the group of its key, or of its batch. */
    readonly key: string | null,
    /** Stored name of its tenant's group. */
    readonly tenant: string | null,
  ) {}
}
