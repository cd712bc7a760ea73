import type { EnvironmentName } from '../../../kernel/values/environment-name.js';
import { kind, kindThat, Refusal } from '../../../kernel/values/kind.js';
import { isRecord, secret } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';
import type { OperatorReader } from './admission.js';
import type { Guard } from './guard-access.js';
import { parseUsers } from './sign-in/user-list.js';
import type { User } from './sign-in/user-list.js';
import { Users } from './sign-in/users.js';

/**
 * Who may use the operations: people with passwords (`usersAccess`), a function that tells who a request comes from, or a Nest guard that sets
 * `request.operator`.
 */
export type AccessOption = Users | OperatorReader | Guard;

const accessOption = kindThat<AccessOption>(
  'usersAccess(…), a function of the request that returns { name, role } or null, or a guard; a middleware belongs in board.access',
  (value) =>
    typeof value === 'function'
      ? value.length < 2
      : value instanceof Users || (isRecord(value) && 'canActivate' in value),
);

const userList = secret(
  kind<readonly User[], string>(
    'entries separated by commas, each name:password or name:scrypt$…',
    (value) => {
      const users = typeof value === 'string' ? parseUsers(value) : '';
      return typeof users === 'string' ? new Refusal(users || undefined) : users;
    },
  ),
);

/** Who may use the operations: `forRoot({ operations })`. */
export const ACCESS_SETTINGS = {
  /**
   * Who may use the operations, the board among them: `usersAccess(…)`, a function of the request that returns `{ name, role }` or null, or a Nest
   * guard that sets `request.operator`. A `viewer` looks, an `operator` changes too.
   */
  access: setting(accessOption, {
    otherwise:
      'those whom `operators` and `viewers` name; without them, with NODE_ENV=development or test this machine, otherwise nobody',
  }),
  /** Who may sign in to look and change: entries separated by commas, each `name:password` or `name:scrypt$…` (`docs/access.md`). */
  operators: setting(userList, {
    variable: 'MESSAGE_QUEUE_OPERATORS',
    file: true,
    otherwise: 'nobody',
    // A hash of no password.
    example: 'ann:scrypt$HXJJOR2IsTur9kWuD9UM2w$OdKqUCiv-8sLjNG_K6ubDUKZWAmUXE6h2afAbnryDMA',
  }),
  /** Who may sign in to look: entries as those of `operators`. */
  viewers: setting(userList, {
    variable: 'MESSAGE_QUEUE_VIEWERS',
    file: true,
    otherwise: 'nobody',
    example: 'ben:scrypt$jIrYL3cs3plHdOawLgMHpw$Vsxmhf5sAfeIycyPf05vEupi95ic6BsOQ4uBGcy3XwA',
  }),
};

/** Who may use the operations, as it was set. */
export interface AccessSettings {
  readonly access?: AccessOption;
  readonly environment: EnvironmentName;
}
