import { bufferedEventBus } from './running-bus.js';

// Critical priority - processed first
await bufferedEventBus.emitEvent(
  'system.alert',
  { message: 'Critical system error' },
  { priority: 'critical' }
);

// Normal priority - default
await bufferedEventBus.emitEvent(
  'user.action',
  { userId: '123', action: 'login' },
  { priority: 'normal' }
);

// Low priority - processed last
await bufferedEventBus.emitEvent(
  'analytics.track',
  { event: 'page_view', page: '/dashboard' },
  { priority: 'low' }
);
