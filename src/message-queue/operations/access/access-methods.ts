import type { ModuleRef } from '@nestjs/core';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import type { EnvironmentName } from '../../../kernel/values/environment-name.js';
import type { AccessMethod, OperatorReader } from './admission.js';
import type { AccessOption } from './access-settings.js';
import { GuardAccess, isGuard } from './guard-access.js';
import { LoopbackAccess, NoAccess } from './loopback-access.js';
import type { Place } from './loopback-access.js';
import { admissionOf } from './operator-of.js';
import { ReaderAccess } from './reader-access.js';

/** Who may use the operations, as it was set. */
export interface AccessSettings {
  readonly access?: AccessOption;
  readonly environment: EnvironmentName;
}

/** Makes the way in which it is found out who asks: the host's own; else this machine in development, and elsewhere nobody. */
export function accessMethod(
  { access, environment }: AccessSettings,
  moduleRef: ModuleRef,
  place: Place,
): AccessMethod {
  if (access === undefined) {
    return opensUnlocked(environment) ? new LoopbackAccess(place) : new NoAccess(place, environment);
  }
  if (!isGuard(access)) return new ReaderAccess(access as OperatorReader);
  return new GuardAccess(access, moduleRef, {
    place: 'the operations',
    admissionOf: (request) =>
      admissionOf(
        (request as { readonly operator?: unknown }).operator,
        'what the guard set as request.operator',
      ),
  });
}
