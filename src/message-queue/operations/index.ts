/** nestjs-message-queue/operations: what the operator of an app asks, watches and sets. */

// Dead letters
export { DeadLetterService } from '../dead-letter/dead-letter.service.js';
export type {
  DeadLetterRunOptions,
  DiscardOptions,
  DiscardReport,
  ReplayOptions,
  ReplayReport,
} from '../dead-letter/changes/run-options.js';
export type { ChangeOptions, LetterAction, LetterChange } from '../dead-letter/changes/letter-change.js';
export type { LetterPreview } from '../dead-letter/changes/letter-preview.js';
export { MoreMatchedError } from '../dead-letter/changes/more-matched.error.js';
export type { LetterGroup, LetterGroups } from '../dead-letter/groups/letter-groups.js';
export type { DeadLetter } from '../dead-letter/dead-letter.js';
export type { DeadLetterFilter } from '../dead-letter/dead-letter-filter.js';
export type { DeadLetterPage, DeadLetterQuery } from '../dead-letter/dead-letter-page.js';
export type { DeadLetterStats } from '../dead-letter/dead-letter-stats.js';
export { DeadLetterNotifier } from '../dead-letter/dead-letter-notifier.js';
export type { DeadLetterNotice } from '../dead-letter/dead-letter-notifier.js';

// Metrics and health
export { QueueMonitor } from '../monitoring/queue-monitor.js';
export type {
  HistoryPoint,
  HistoryQuery,
  DeployMark,
  QueueHistory,
} from '../monitoring/activity/queue-history.js';
export type { WorkerStatus } from '../monitoring/activity/worker-status.js';
export type { Durations } from '../jobs/activity/durations.js';
export type { ActivityDelta, ActivityDeltas } from '../jobs/activity/activity-deltas.js';
export type { ActivityCounter } from '../jobs/activity/activity-record.js';
export type {
  GroupCounts,
  JobNameStats,
  QueueMetrics,
  QueueStats,
  QueueSummary,
  QueueTotals,
} from '../monitoring/queue-stats.js';
export type { HealthThresholds } from '../monitoring/health-thresholds.js';
export type { HealthReason, HealthStatus, OverallHealth, QueueHealth } from '../monitoring/queue-health.js';
export type {
  AbandonedQueue,
  ServerFinding,
  ServerReport,
  StoreLoss,
  StoreLossKind,
  UnknownJobs,
  UnknownKind,
} from '../broker/broker.js';

// Metrics for Prometheus
export { messageQueueCollector } from './metrics/prom-client-collector.js';
export type { MessageQueueCollector, MetricsRegistry } from './metrics/prom-client-collector.js';

// Probes
export { MessageQueueHealthIndicator } from './probes/message-queue-health-indicator.js';
export type {
  HealthIndicatorAnswer,
  HealthIndicatorOptions,
} from './probes/message-queue-health-indicator.js';
export type { ProbesOptions } from './probes/probes-settings.js';

// Alerts
export { Alerts } from '../monitoring/alerts/alerts.js';
export type { MuteCall } from '../monitoring/alerts/alerts.js';
export type { AlertStatus } from '../monitoring/alerts/alert-status.js';
export type { AlertLimits, AlertSeverity } from '../monitoring/alerts/alert-rule.js';
export type { AlertRuleName } from '../monitoring/alerts/rules/alert-rules.js';
export type { AlertOverride, GivenRule, GivenRules } from '../monitoring/alerts/settings/given-rules.js';
export type { AlertSinkFactory, GivenSink } from '../monitoring/alerts/settings/given-sinks.js';
export { AlertSendError } from './alerts/alert-send.error.js';
export { emailAlerts } from './alerts/email-alerts.js';
export type { EmailAlertsOptions } from './alerts/email-alerts.js';
export { webhookAlerts } from './alerts/webhook-alerts.js';
export type { WebhookAlertsOptions } from './alerts/webhook-alerts.js';

// Schedules
export { Schedules } from '../schedules/schedules.js';
export type { ScheduleReceipt, UpsertScheduleOptions } from '../schedules/schedules.js';
export type { ScheduleState, ScheduleStatus } from '../schedules/schedule-status.js';

// Groups
export { Groups } from '../groups/groups.js';
export type { GroupQuery, ReleaseCall, ReleaseOutcome } from '../groups/groups.js';
export type { NamedGroup } from '../groups/named-group.js';
export type { GroupId, GroupPage, GroupState, GroupStatus } from '../broker/groups-of-queue.js';
export type { Gate } from '../jobs/flow/group-name.js';

// The worker
export { MessageQueueWorker } from '../worker/message-queue.worker.js';
export type { StopOptions, StopReport } from '../worker/message-queue.worker.js';

// The board
export { basicAuthAccess } from './access/basic-auth.js';
export type { BasicAuthCredentials } from './access/basic-auth.js';
export type {
  BoardAccess,
  BoardJobView,
  BoardMiddleware,
  BoardOptions,
  BoardPrincipal,
  BoardPrincipalReader,
} from './board/board-access.js';

// Who may use the operations, and where they are
export type { AccessOption } from './access/access-settings.js';
export type { OperatorReader } from './access/admission.js';
export type { Guard } from './access/guard-access.js';
export { OperationsGuard } from './operations.guard.js';
export { usersAccess } from './access/sign-in/users.js';
export type { Users, UsersAccessOptions } from './access/sign-in/users.js';
export { hashOperatorPassword } from './access/sign-in/password-hash.js';
export { isFromThisMachine } from './access/loopback-access.js';
export type { BoardRight, Operator, OperatorRole } from './access/operator.js';
export { changeRefusal } from './http/change-refusal.js';
export type { ChangeRefusal } from './http/change-refusal.js';
export type { OperationsConfig, OperationsOptions, PartPlace } from './operations-settings.js';

// Keys and the audit
export { Privacy } from '../privacy/privacy.js';
export type { ErasureCall } from '../privacy/erasure/erasures.js';
export type { ErasureReceipt } from '../privacy/erasure/erasure-receipt.js';
export type { RecallReceipt } from '../privacy/recall/recall-receipt.js';
export type { RecallCall } from '../privacy/recall/recalls.js';
export {
  InvalidErasureError,
  LegalHoldError,
  ShreddingUnavailableError,
} from '../privacy/erasure/erasure-errors.js';
export type { PrivacyCall } from '../privacy/audit/privacy-call.js';
export type { RevealCall, RevealedFailure, RevealedJob } from '../privacy/reveal/job-reveal.js';
export type { RewrapReport } from '../privacy/keys/key-rotation.js';
export type { ResealReport } from '../privacy/resealed-queue.js';
export { NoDataKeyStoreError } from '../privacy/keys/no-data-key-store.error.js';
export { AuditChain } from '../privacy/audit/audit-chain.js';
export type { AuditEntry } from '../privacy/audit/audit-entry.js';
export type { AuditFault, AuditProblem, AuditVerdict } from '../privacy/audit/audit-verification.js';
export { AuditUnavailableError, InvalidAuditEntryError } from '../privacy/audit/audit-errors.js';

// What is stored and reported about a job
export type {
  FailureRecord,
  ManagedJobOptions,
  ManagedJobRecord,
  ReplayRecord,
} from '../jobs/managed-job.js';
export type { JobEventListener, JobEventPlace, JobRunEventPlace } from '../jobs/events/job-events.js';

// The log
export { printableLogger } from '../../kernel/logging/printable-logger.js';
export { StructuredLogger } from '../telemetry/logs/structured-logger.js';
export type { LogEvent, LogFields, LogFieldsLevel } from '../telemetry/logs/log-fields.js';

// The configuration in detail
export { opensUnlocked } from '../../kernel/values/environment-name.js';
export type { EnvironmentName } from '../../kernel/values/environment-name.js';
export type {
  DeclaredSchedule,
  RedisSettings,
  RedisTls,
  RedisTopology,
  ScheduleRepeat,
} from '../message-queue.options.js';

// What ends a start or a run
export { DuplicateRegistrationError, MissingPackageError } from '../../kernel/errors.js';
export {
  CrashLoopError,
  HandlerRegistrationError,
  JobExpiredError,
  LockLostError,
  NewerPayloadError,
  ShutdownError,
  UnsupportedOperationError,
  UpcastError,
} from '../jobs/errors.js';
export { KeysRequiredError, SealBrokenError, UnsealedJobError } from '../jobs/sealing/sealing-errors.js';

// The way back: queues without Redis
export { SyncDepthError } from '../jobs/errors-in-caller.js';
