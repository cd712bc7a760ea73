import type { MonitoredEvents } from '../../../kernel/monitored/monitored-events.js';
import type { ActivityStore } from '../../broker/activity-store.js';
import type { ProviderName } from '../../broker/broker.js';
import type { LongChanges } from '../../dead-letter/changes/long-changes.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { QueueAdministration } from '../../facade/queue-administration.js';
import type { JobSearch } from '../../finding/job-search.js';
import type { JobStories } from '../../finding/job-story.js';
import type { SeenPayload } from '../../finding/payload-field.js';
import type { MessageQueueService } from '../../message-queue.service.js';
import type { FleetQueues } from '../../monitoring/activity/fleet-queues.js';
import type { Histories } from '../../monitoring/activity/histories.js';
import type { Alerts } from '../../monitoring/alerts/alerts.js';
import type { QueueMonitor } from '../../monitoring/queue-monitor.js';
import type { QueueAudit } from '../../privacy/audit/queue-audit.js';
import type { Schedules } from '../../schedules/schedules.js';
import type { Overviews } from './overview/overviews.js';
import type { BoardView } from '../board/view/board-view.js';

/** What the routes ask. */
export interface RestServices {
  readonly provider: ProviderName;
  /** Those of the fleet. */
  readonly queues: FleetQueues;
  readonly administration: QueueAdministration;
  readonly histories: Histories;
  readonly messageQueue: MessageQueueService;
  readonly monitor: QueueMonitor;
  /** Without what `redact` hides. */
  readonly letters: DeadLetterService;
  readonly longChanges: LongChanges;
  readonly search: JobSearch;
  readonly stories: JobStories;
  /** What of a payload a search may look at. */
  readonly seen: SeenPayload;
  /** What of a job is shown. */
  readonly view: BoardView;
  readonly schedules: Schedules;
  readonly alerts: Alerts;
  readonly overviews: Overviews;
  readonly audit: QueueAudit;
  /** The bus of events of this app; null where it has none. */
  readonly events: () => MonitoredEvents | null;
  /** Of this process' clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Of the app's broker: what people did is kept there. */
  readonly activity: () => ActivityStore;
  /** Whether NODE_ENV says `development` or `test`. */
  readonly opensUnlocked: boolean;
  /** The description of the API. */
  readonly openApi: () => object;
}
