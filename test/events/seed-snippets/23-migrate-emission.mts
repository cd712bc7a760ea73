import { UserRegisteredEvent } from './02-create-events.js';
import { email, userId } from './prologue.js';
import { bufferedEventBus, eventBus } from './running-bus.js';

// Before (synchronous)
eventBus.emit(new UserRegisteredEvent(userId, email));

// After (asynchronous)
await bufferedEventBus.emitEvent(
  'user.registered',
  { userId, email },
  { priority: 'normal' }
);
