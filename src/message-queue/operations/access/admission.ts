import type { Exchange } from '../http/exchange.js';
import type { Operator, Visitor } from './operator.js';

/** Why a request is not let in. */
export interface Refused {
  readonly status: number;
  /** For programs, such as `SIGN_IN`. */
  readonly code: string;
  /** For people: what is wrong, and what to do. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a password was wrong, or too many were: whose, as an audit may name them. */
  readonly signIn?: string;
}

/** What access says of a request; `answered`: it has answered the request itself. */
export type Admission = { readonly visitor: Visitor } | { readonly refused: Refused } | 'answered';

/** How it is found out who asks. */
export interface AccessMethod {
  /** Who is let in, in words that complete "open to". */
  readonly openTo: string;
  /** @throws what the host's own code throws, but for Nest's HTTP exceptions, which are refusals */
  ask(exchange: Exchange): Admission | Promise<Admission>;
}

/** Who a request comes from, in a host's own way. */
export type OperatorReader = ReaderShape['read'];

interface ReaderShape {
  // A method, so that functions written for a platform's own request type fit too.
  read(request: object): Operator | null | undefined | Promise<Operator | null | undefined>;
}
