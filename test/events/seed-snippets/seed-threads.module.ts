import { Module } from '@nestjs/common';
import { UserEventHandler } from './03-create-handlers.js';
import { RobustEventHandler } from './13-custom-error-handling.js';
import { OrderEventHandler } from './17-handler-design.js';
import './prologue.js';

/** What the threads boot: the seed's own handlers. */
@Module({ providers: [UserEventHandler, RobustEventHandler, OrderEventHandler] })
export class SeedThreadsModule {}
