import { kindThat } from '../../../kernel/values/kind.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';
import type { OperatorReader } from './admission.js';
import type { Guard } from './guard-access.js';

/** Who may use the operations: a function that tells who a request comes from, or a Nest guard that sets `request.operator`. */
export type AccessOption = OperatorReader | Guard;

const accessOption = kindThat<AccessOption>(
  'a function of the request that returns { name, role } or null, or a guard; a middleware belongs in board.access',
  (value) => (typeof value === 'function' ? value.length < 2 : isRecord(value) && 'canActivate' in value),
);

/** Who may use the operations: `forRoot({ operations })`. */
export const ACCESS_SETTINGS = {
  /**
   * Who may use the operations, the board among them: a function of the request that returns `{ name, role }` or null, or a Nest guard that sets
   * `request.operator`. A `viewer` looks, an `operator` changes too.
   */
  access: setting(accessOption, {
    otherwise: 'with NODE_ENV=development or test this machine, otherwise nobody',
  }),
};
