import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { Run } from '../command-line.js';
import type { CommandAudit } from './command-audit.js';

/** The dead letters of all queues; what is done to them is noted as done by hand. Loads Nest: its services are made for it. */
export async function loadLetters({ session }: Run): Promise<DeadLetterService> {
  const { DeadLetterService: Service } =
    require('../../dead-letter/dead-letter.service.js') as typeof import('../../dead-letter/dead-letter.service.js');
  const { CommandAudit: Audit } = require('./command-audit.js') as typeof import('./command-audit.js');
  const audit: CommandAudit = new Audit((await session.readings()).activity);
  return new Service(await session.queues(), audit);
}
