import { InvalidConfigurationError } from '../../../../kernel/errors.js';
import { Issues } from '../../../../kernel/values/issues.js';
import { inRoles, parseUsers } from './user-list.js';
import type { User, UserInRole } from './user-list.js';

/** People and their passwords, as `operations.access` takes them. Made by {@link usersAccess}. */
export class Users {
  /** @internal */
  constructor(
    /** @internal */
    readonly all: readonly UserInRole[],
  ) {}
}

/** Who may sign in, as entries separated by commas: `name:password` or `name:scrypt$…`. */
export interface UsersAccessOptions {
  /** Those who may look and change. Default: nobody. */
  readonly operators?: string;
  /** Those who may look. Default: nobody. */
  readonly viewers?: string;
}

/**
 * Access for people with passwords, by HTTP basic authentication: over HTTPS only. A password has 12 to 256 characters, as it is or as the hash
 * that {@link hashOperatorPassword} makes; one with a comma must be given as its hash. Five wrong ones per name and address, then the next waits
 * 30 s, doubling to 15 min.
 * @throws InvalidConfigurationError that names wrong entries by their number and quotes nothing of them
 */
export function usersAccess(options: UsersAccessOptions): Users {
  const issues = new Issues('usersAccess');
  issues.knownKeys('', options, ['operators', 'viewers']);
  const listOf = (role: 'operators' | 'viewers'): readonly User[] => {
    const text = options[role];
    if (text === undefined) return [];
    const read =
      typeof text === 'string' ? parseUsers(text) : 'must be a text of entries separated by commas';
    if (typeof read !== 'string') return read;
    issues.add(role, read);
    return [];
  };
  const all = inRoles(listOf('operators'), listOf('viewers'));
  if (typeof all === 'string') issues.add('viewers', all);
  else if (all.length === 0) issues.add('operators', 'names nobody, and neither does viewers');
  issues.throwIfAny(InvalidConfigurationError, 'Nobody can be let in:');
  return new Users(typeof all === 'string' ? [] : all);
}
