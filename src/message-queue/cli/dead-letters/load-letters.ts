import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { Run } from '../command-line.js';

/** The dead letters of all queues; what is done to them is noted as done by hand. */
export async function loadLetters({ session }: Run): Promise<DeadLetterService> {
  const { DeadLetterService: Service } =
    require('../../dead-letter/dead-letter.service.js') as typeof import('../../dead-letter/dead-letter.service.js');
  const { CommandAudit } = require('./command-audit.js') as typeof import('./command-audit.js');
  const { activity } = await session.readings();
  return new Service(await session.queues(), new CommandAudit(activity));
}
