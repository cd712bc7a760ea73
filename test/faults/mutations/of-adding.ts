import { AddBuffer } from '../../../src/message-queue/broker/redis/adding/add-buffer.js';
import { ShortAdd } from '../../../src/message-queue/broker/redis/adding/short-road.js';
import type { PendingAdd } from '../../../src/message-queue/broker/redis/adding/pending-add.js';
import { addJobsScript } from '../../../src/message-queue/broker/redis/scripts/add-jobs.lua.js';
import { addOrdinaryScript } from '../../../src/message-queue/broker/redis/scripts/add-ordinary.lua.js';
import { inMethod, inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

/** Answers adds before they are sent. */
const answerAtOnce = inMethod<AddBuffer>(
  AddBuffer,
  'trySend',
  (trySend) =>
    function (adds: readonly PendingAdd[]) {
      adds.forEach((add, position) => {
        if (add.settled) return;
        add.settled = true;
        add.answered(add instanceof ShortAdd ? 1 : adds.map(() => 1), position);
      });
      return trySend.call(this, adds);
    },
);

/** Ledger, ids, tombstones, and when an add is acknowledged. */
export const OF_ADDING: readonly Mutation[] = [
  {
    name: 'ledger',
    breaks: 'two adds under one key are one job',
    ...{ row: 'attempts that fail, and jobs that ask for a later try', says: /were told different jobs/ },
    apply: inScripts([addJobsScript], `if command == 'MGET' then return {} end`),
  },
  {
    name: 'tombstone',
    breaks: 'an add that is sent again stores no job that is done and gone',
    ...{ row: 'answers of adds lost while their jobs run', says: /ran again without cause, after its run/ },
    apply: inScripts(
      [addJobsScript, addOrdinaryScript],
      `if command == 'SMISMEMBER' then
    local none = {}
    for i = 1, #args do none[i] = 0 end
    return none
  end`,
    ),
  },
  {
    name: 'acknowledged-too-early',
    breaks: 'an add is acknowledged when Redis has it',
    ...{ row: 'out of memory, noeviction', says: /acknowledged jobs are lost/ },
    apply: answerAtOnce,
  },
];
