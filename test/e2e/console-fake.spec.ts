import { SCHEMAS } from '../../src/message-queue/operations/rest/openapi.js';
import { ref } from '../../src/message-queue/operations/rest/schemas/schema.js';
import { FakeConsole } from '../support/console/fake-console.js';
import { schemaProblems } from '../support/json-schema.js';

describe('The made-up answers over which the console is tested', () => {
  let fake: FakeConsole;

  beforeAll(async () => {
    fake = await FakeConsole.start();
  });
  afterAll(() => fake.close());

  it.each([
    ['overview?hours=6', 'Overview'],
    ['queues/message-delivery', 'QueueDetail'],
    ['queues/message-delivery/history?hours=6', 'QueueHistory'],
    ['jobs', 'JobList'],
    ['jobs/message-notification/m_1', 'JobDetail'],
    ['dead-letters', 'DeadLetterList'],
    ['dead-letters/groups', 'DeadLetterGroups'],
    ['schedules', 'ScheduleList'],
    ['workers', 'WorkerList'],
    ['alerts', 'AlertList'],
    ['audit', 'AuditList'],
    ['operations/op-1', 'LongOperation'],
  ])('are what REST describes: %s', async (path, name) => {
    const response = await fetch(`${new URL(fake.url).origin}/api/queue/${path}`);
    expect(response.status).toBe(200);
    expect(SCHEMAS[name]).toBeDefined();
    expect(schemaProblems(await response.json(), ref(name), SCHEMAS)).toEqual([]);
  });
});
