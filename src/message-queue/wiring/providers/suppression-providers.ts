import type { Provider } from '@nestjs/common';
import { Clock } from '../../../kernel/time/clock.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import { DeliveryReports } from '../../ports/notifications/delivery-report.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import { SuppressionStore } from '../../ports/suppressions/suppression-store.js';
import { Suppressions } from '../../ports/suppressions/suppressions.js';
import { AuditChain } from '../../privacy/audit/audit-chain.js';
import { RecordedDeliveryReports } from '../../suppressions/recorded-delivery-reports.js';
import { StoredSuppressions } from '../../suppressions/stored-suppressions.js';

/** What remembers dead destinations, and takes what services report later. */
export const SUPPRESSION_PROVIDERS: readonly Provider[] = [
  {
    provide: Suppressions,
    useFactory: (store: SuppressionStore, events: JobEvents, audit: AuditChain, clock: Clock) =>
      new StoredSuppressions(store, events, audit, clock),
    inject: [SuppressionStore, JobEvents, AuditChain, Clock],
  },
  {
    provide: DeliveryReports,
    useFactory: (ledger: NotificationLedger, suppressions: Suppressions, clock: Clock) =>
      new RecordedDeliveryReports(ledger, suppressions, clock),
    inject: [NotificationLedger, Suppressions, Clock],
  },
];
