import type { ModuleRef } from '@nestjs/core';
import { Clock } from '../../../kernel/time/clock.js';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import type { AccessMethod } from './admission.js';
import type { AccessSettings } from './access-settings.js';
import { GuardAccess, isGuard } from './guard-access.js';
import { LoopbackAccess, NoAccess } from './loopback-access.js';
import type { Place } from './loopback-access.js';
import { admissionOf } from './operator-of.js';
import { ReaderAccess } from './reader-access.js';
import { PasswordAccess } from './sign-in/password-access.js';
import { Users } from './sign-in/users.js';

/** One for all doors, so that wrong passwords count wherever they are tried. */
const SIGN_INS = new WeakMap<AccessSettings, AccessMethod>();

/** Makes the way in which it is found out who asks: as the host set it; else this machine in development, and elsewhere nobody. */
export function accessMethod(settings: AccessSettings, moduleRef: ModuleRef, place: Place): AccessMethod {
  const { access, environment } = settings;
  if (access === undefined) {
    return opensUnlocked(environment) ? new LoopbackAccess(place) : new NoAccess(place, environment);
  }
  if (access instanceof Users) return signInOf(settings, access, moduleRef);
  if (!isGuard(access)) return new ReaderAccess(access);
  return new GuardAccess(access, moduleRef, {
    place: 'the operations',
    admissionOf: (request) =>
      admissionOf(
        (request as { readonly operator?: unknown }).operator,
        'what the guard set as request.operator',
      ),
  });
}

function signInOf(settings: AccessSettings, users: Users, moduleRef: ModuleRef): AccessMethod {
  const known = SIGN_INS.get(settings);
  if (known !== undefined) return known;
  const made = new PasswordAccess(users, moduleRef.get(Clock, { strict: false }));
  SIGN_INS.set(settings, made);
  return made;
}
