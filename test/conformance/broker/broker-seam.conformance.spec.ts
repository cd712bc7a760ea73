import { runConformance } from '../run-conformance.js';
import { administrationCases } from './administration.cases.js';
import {
  BrokerBench,
  memoryBrokerProvider,
  redisBrokerProvider,
  syncBrokerProvider,
} from './broker-bench.js';
import { clockCases } from './clock.cases.js';
import { contextCases } from './context.cases.js';
import { deadLetterCases } from './dead-letter.cases.js';
import { digestCases } from './digest.cases.js';
import { enqueueCases } from './enqueue.cases.js';
import { expiryCases } from './expiry.cases.js';
import { erasingCases } from './erasing.cases.js';
import { flowOptionCases } from './flow-options.cases.js';
import { groupCases } from './groups.cases.js';
import { flowHeldCases } from './flow-held.cases.js';
import { flowOrderCases } from './flow-order.cases.js';
import { flowParkedCases } from './flow-parked.cases.js';
import { flowPausedCases } from './flow-paused.cases.js';
import { flowTenantCases } from './flow-tenants.cases.js';
import { outsideCases } from './outside.cases.js';
import { hostCodeCases } from './host-code.cases.js';
import { hostQueueCases } from './host-queue.cases.js';
import { keyCases } from './key.cases.js';
import { laneCases } from './lanes.cases.js';
import { privacyCases } from './privacy.cases.js';
import { rateCases } from './rates.cases.js';
import { rateTokenCases } from './rate-tokens.cases.js';
import { retentionCases } from './retention.cases.js';
import { ruleCases } from './rules.cases.js';
import { textCases } from './text.cases.js';
import { versionCases } from './version.cases.js';
import { waitingCases } from './waiting.cases.js';
import { scheduleCases } from './schedule.cases.js';
import { scheduleOptionCases } from './schedule-options.cases.js';
import { workCases } from './work.cases.js';

runConformance({
  seam: 'broker',
  redisArguments: ['--maxmemory', '8gb'],
  subjects: {
    enqueueing: enqueueCases,
    work: workCases,
    administration: administrationCases,
    'dead letters': deadLetterCases,
    retention: retentionCases,
    schedules: scheduleCases,
    'options of schedules': scheduleOptionCases,
    lanes: laneCases,
    rules: ruleCases,
    clock: clockCases,
    digests: digestCases,
    'options of groups': flowOptionCases,
    groups: groupCases,
    'queues of hosts': hostQueueCases,
    'code of hosts': hostCodeCases,
    versions: versionCases,
    rates: rateCases,
    'tokens of rates': rateTokenCases,
    keys: keyCases,
    expiry: expiryCases,
    contexts: contextCases,
    waiting: waitingCases,
    'sealed texts': textCases,
    privacy: privacyCases,
    erasing: erasingCases,
    'order of keys': flowOrderCases,
    'keys that stand still': flowParkedCases,
    'paused groups': flowPausedCases,
    'shares of tenants': flowTenantCases,
    'held jobs': flowHeldCases,
    'what waits for somebody outside': outsideCases,
  },
  providers: (redis) => [redisBrokerProvider(redis), memoryBrokerProvider, syncBrokerProvider],
  open: (provider) => new BrokerBench(provider),
});
