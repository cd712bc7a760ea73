import { traceTable } from '../traces/sql-traces.js';

/** Where people's devices leave traces. Of a message: what is about it, but that it was recalled. */
export const DEVICE_TRACES = [
  traceTable({
    ...{ name: 'mq_device_entries', key: ['person_id', 'position'], messages: 'stored_id' },
    ...{ conversation: 'conversation_id', subject: 'person_id' },
  }),
  traceTable({
    ...{ name: 'mq_device_receipts', key: ['message_id', 'person_id', 'device_id'] },
    ...{ messages: 'message_id', subject: 'person_id' },
  }),
  traceTable({ name: 'mq_devices', key: ['person_id', 'device_id'], subject: 'person_id' }),
  traceTable({ name: 'mq_device_feeds', key: ['person_id'], subject: 'person_id' }),
];
