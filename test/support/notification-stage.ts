import type { Plain } from './plain.js';
import {
  InMemoryDeviceTokenStore,
  InMemoryEmailChannel,
  InMemoryInAppChannel,
  InMemoryNotificationInbox,
  InMemoryNotificationLedger,
  InMemoryNotificationPreferences,
  InMemoryPushChannel,
  InMemoryAuditTrail,
  InMemoryRecipientContacts,
  InMemorySmsChannel,
  InMemorySuppressionStore,
  InMemoryTemplateRenderer,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { MemoryBroker } from '../../src/message-queue/broker/memory/memory-broker.js';
import { JobEvents } from '../../src/message-queue/jobs/events/job-events.js';
import { DigestDispatch } from '../../src/message-queue/ports/notifications/digest-dispatch.js';
import type { DigestItem } from '../../src/message-queue/ports/notifications/digest-dispatch.js';
import { AuditChain } from '../../src/message-queue/privacy/audit/audit-chain.js';
import { RingNameKeys } from '../../src/message-queue/privacy/keys/ring-name-keys.js';
import { NotificationChannels } from '../../src/message-queue/queues/notification/notification-channels.js';
import { deletionGate } from './deletion-gate.js';
import { NotificationGate } from '../../src/message-queue/queues/notification/notification-gate.js';
import type { NotificationJobDto } from '../../src/message-queue/queues/notification/notification-job.dto.js';
import { NotificationSender } from '../../src/message-queue/queues/notification/notification-sender.js';
import { NotificationTargets } from '../../src/message-queue/queues/notification/notification-targets.js';
import { MessageNotificationProcessor } from '../../src/message-queue/queues/notification/notification.processor.js';
import { StoredSuppressions } from '../../src/message-queue/suppressions/stored-suppressions.js';
import { ManualCircuitBreakers } from '../../src/message-queue/testing/manual-circuit-breakers.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { recorded } from '../../src/message-queue/testing/recorded.js';
import { KeyRing } from './key-ring.js';

/** When it is. */
export const NOW = new Date('2026-01-10T12:00:00Z');
/** To Ben's devices. */
export const push: Plain<NotificationJobDto> = {
  ...{ recipientId: 'ben', type: 'push', title: 'News', message: 'There is news', createdAt: NOW },
};
/** To an address of Ben's. */
export const email: Plain<NotificationJobDto> = { ...push, type: 'email', emailAddress: 'ben@example.org' };

/** Items go nowhere from here; what it was given is recorded. */
class NoDigests extends DigestDispatch {
  override collect(_: DigestItem): Promise<void> {
    return Promise.resolve();
  }
}

/** The processor of notifications on ports in memory. */
export function notificationStage() {
  const clock = new ManualClock(NOW);
  const ports = {
    breakers: new ManualCircuitBreakers(),
    push: recorded(new InMemoryPushChannel()),
    email: recorded(new InMemoryEmailChannel()),
    sms: recorded(new InMemorySmsChannel()),
    inApp: recorded(new InMemoryInAppChannel()),
    devices: recorded(new InMemoryDeviceTokenStore()),
    contacts: recorded(new InMemoryRecipientContacts()),
    preferences: recorded(new InMemoryNotificationPreferences()),
    ledger: recorded(new InMemoryNotificationLedger()),
    inbox: recorded(new InMemoryNotificationInbox()),
    templates: recorded(new InMemoryTemplateRenderer()),
    store: recorded(new InMemorySuppressionStore()),
    digests: recorded(new NoDigests()),
  };
  const events = new JobEvents();
  const audit = new AuditChain(new InMemoryAuditTrail(), new RingNameKeys(new KeyRing()), clock);
  const suppressions = new StoredSuppressions(ports.store, events, audit, clock);
  const processor = new MessageNotificationProcessor(
    new NotificationGate(ports.preferences, clock, ports.breakers, deletionGate()),
    new NotificationTargets(ports.devices, ports.contacts, ports.breakers),
    new NotificationSender(
      new NotificationChannels(
        ...([ports.push, ports.email, ports.sms, ports.inApp, ports.breakers] as const),
        new MemoryBroker({ clock }).rates,
      ),
      ports.devices,
      suppressions,
      ports.breakers,
    ),
    ports.ledger,
    ports.inbox,
    ports.templates,
    ports.digests,
    clock,
    ports.breakers,
  );
  const device = (deviceId: string, token: string): Promise<void> =>
    ports.devices.register({ deviceId, recipientId: 'ben', platform: 'fcm', token });
  return { ...ports, clock, processor, device, suppressions, events, audit };
}
