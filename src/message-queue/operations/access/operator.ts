/** What somebody may do: a viewer looks, an operator changes too. */
export type OperatorRole = 'viewer' | 'operator';

/** Somebody who may look at the operations, and perhaps change something. */
export interface Operator {
  /** Stands in the audit; 1 to 200 characters. */
  readonly name: string;
  readonly role: OperatorRole;
}
