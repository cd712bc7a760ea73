/** What somebody may do: a viewer looks, an operator changes too. */
export type OperatorRole = 'viewer' | 'operator';

/** Somebody who may look at the operations, and perhaps change something. */
export interface Operator {
  /** Stands in the audit; 1 to 200 characters. */
  readonly name: string;
  readonly role: OperatorRole;
}

/** What somebody may do on the board beside what everybody there may. `reveal`: open sealed jobs. */
export type BoardRight = 'reveal';

/** Somebody who was let in. */
export interface Visitor extends Operator {
  /** What they may do on the board beside what their role allows. */
  readonly rights?: readonly BoardRight[];
}
