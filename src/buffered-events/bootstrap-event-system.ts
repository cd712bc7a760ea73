import type { Type } from '@nestjs/common';
import { kindThat } from '../kernel/values/kind.js';
import { flag, record } from '../kernel/values/kinds.js';
import { defaulted, optional, resolveOptions } from '../kernel/values/options.js';
import type { BufferedEventConfig } from './buffered-events.options.js';
import type { EventSystem, EventSystemOptions } from './event-system.js';
import { checkArgument } from './events/event-kinds.js';

const OPTIONS = {
  useBufferedProcessing: defaulted(flag(), false),
  bufferedEventConfig: optional(record<BufferedEventConfig>()),
};
const LISTENERS = kindThat(
  'a list of classes with @EventListener()',
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'function'),
);

/**
 * Starts a bus where there is no Nest app to import `BufferedEventsModule` into: a Nest application context of its own, with the listeners as
 * its providers. They need nothing injected but the bus, or each other; for all else there is the module.
 *
 * Worker threads need the module to boot (`threads.module`): with listeners and without it the start is refused, unless `workerCount` is 0.
 * Without listeners and without it there is nothing that threads could run, so none are started, and a warning says so.
 * @throws TypeError for anything but classes, InvalidConfigurationError listing every mistake; what keeps the bus from starting rejects `ready`
 */
export function bootstrapEventSystem(
  listeners: readonly Type<object>[] = [],
  options: EventSystemOptions = {},
): EventSystem {
  checkArgument('bootstrapEventSystem()', 'listeners', listeners, LISTENERS);
  const read = resolveOptions('bootstrapEventSystem()', options, OPTIONS);
  const { startEventSystem } =
    require('./wiring/event-system.js') as typeof import('./wiring/event-system.js');
  return startEventSystem(listeners, read);
}
