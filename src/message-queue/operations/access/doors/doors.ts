import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Clock } from '../../../../kernel/time/clock.js';
import { OperatorLog } from '../../../privacy/audit/operator-log.js';
import { accessMethod } from '../access-methods.js';
import type { AccessSettings } from '../access-settings.js';
import type { AccessMethod } from '../admission.js';
import { ChangeLimit } from './change-limit.js';
import { Door } from './door.js';
import type { DoorPlace } from './door.js';
import { DoorBook } from './door-book.js';
import type { Place } from '../loopback-access.js';

/** Token of who may use the operations. */
export const ACCESS_SETTINGS_OF_APP = Symbol('nestjs-message-queue:access-settings');

/** Makes the doors of an app. They share who may come in, what is counted of each, and what is written down. */
@Injectable()
export class Doors {
  #limit: ChangeLimit | undefined;
  #book: DoorBook | undefined;

  constructor(
    @Inject(ACCESS_SETTINGS_OF_APP) private readonly settings: AccessSettings,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** How it is found out who asks there, unless the place has a way of its own. */
  method(place: Place): AccessMethod {
    return accessMethod(this.settings, this.moduleRef, place);
  }

  /** A door before a place. */
  door(place: DoorPlace): Door {
    const clock = this.moduleRef.get(Clock, { strict: false });
    const log = this.moduleRef.get(OperatorLog, { strict: false });
    this.#limit ??= new ChangeLimit(clock);
    this.#book ??= new DoorBook(log, clock);
    return new Door(place, this.#limit, this.#book);
  }
}
