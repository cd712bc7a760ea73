import type { Issue } from '../../kernel/errors.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { CRON_OFF, defaultSchedules } from '../schedules/default-schedules.js';
import { resolveSchedules } from '../schedules/resolve-schedules.js';
import type { DeclaredSchedule } from '../schedules/schedule-declaration.js';
import type { SettingValues } from './configuration-schema.js';

/** The app's schedules: the host's, and the built-in clean-ups it leaves on. @param issues gets every mistake */
export function configuredSchedules(
  values: SettingValues,
  given: unknown,
  definitions: readonly QueueDefinition[],
  now: number,
  issues: Issue[],
): readonly DeclaredSchedule[] {
  const { environment } = values;
  const defaults = defaultSchedules({
    schedules: values['cleanup.schedules'] ?? environment !== 'test',
    timeZone: values['cleanup.timeZone'],
    oldMessagesCron: values['cleanup.oldMessagesCron'] ?? CRON_OFF,
    oldMessagesDays: values['cleanup.oldMessagesDays'] ?? 0,
    deletedConversationsCron: values['cleanup.deletedConversationsCron'] ?? CRON_OFF,
    deletedConversationsDays: values['cleanup.deletedConversationsDays'] ?? 0,
    expiredAttachmentsCron: values['cleanup.expiredAttachmentsCron'] ?? CRON_OFF,
  });
  return resolveSchedules(given, defaults, definitions, now, issues);
}

/** None: those of a further Redis belong to the app's registration. @param issues gets one if there are any */
export function noSchedules(given: unknown, issues: Issue[]): readonly DeclaredSchedule[] {
  if (given !== undefined) {
    issues.push({
      path: 'schedules',
      message: 'belong to the registration of the app, the one without configKey; they may name any queue.',
    });
  }
  return [];
}
