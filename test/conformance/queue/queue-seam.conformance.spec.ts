import { runConformance } from '../run-conformance.js';
import { addingCases } from './adding.cases.js';
import { cleaningCases } from './cleaning.cases.js';
import { eventCases } from './event.cases.js';
import { extraCases } from './extra.cases.js';
import { hostCases } from './host.cases.js';
import { orderingCases } from './ordering.cases.js';
import { pausingCases } from './pausing.cases.js';
import { QueueBench, bullProvider, memoryProvider } from './queue-bench.js';
import { retryingCases } from './retrying.cases.js';
import { runningCases } from './running.cases.js';
import { schedulingCases } from './scheduling.cases.js';
import { stateCases } from './state.cases.js';

runConformance({
  seam: 'queue',
  subjects: {
    adding: addingCases,
    ordering: orderingCases,
    running: runningCases,
    retrying: retryingCases,
    states: stateCases,
    cleaning: cleaningCases,
    pausing: pausingCases,
    events: eventCases,
    scheduling: schedulingCases,
    extras: extraCases,
    hosts: hostCases,
  },
  providers: (redis) => [bullProvider(redis), memoryProvider],
  open: (provider) => new QueueBench(provider),
});
