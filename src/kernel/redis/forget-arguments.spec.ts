import { Command } from 'ioredis';
import type { Redis } from 'ioredis';
import { OldObjects } from '../../../test/support/old-objects.js';
import { redisStage } from '../../../test/support/redis-stage.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { createRedisClient } from './redis-client.js';

describe('the arguments of a command', () => {
  const stage = redisStage();
  let client: Redis;

  beforeEach(() => {
    const topology = { kind: 'single', host: '127.0.0.1', port: stage.redis.port } as const;
    client = createRedisClient({ topology, db: 0, tls: false }, {}) as Redis;
  });
  afterEach(() => client.disconnect());

  it('are forgotten once it was answered', async () => {
    const command = new Command('set', ['key', 'value'], { replyEncoding: 'utf8' });
    expect(await client.sendCommand(command)).toBe('OK');
    await waitUntil(() => command.args.length === 0, 'the arguments to go');
    expect(await client.get('key')).toBe('value');
  });

  it('stay with one that failed, but not with its error', async () => {
    await client.set('text', 'value');
    const command = new Command('incr', ['text'], { replyEncoding: 'utf8' });
    await expect(client.sendCommand(command)).rejects.toMatchObject({ command: { name: 'incr', args: [] } });
    expect(command.args).toEqual(['text']);
  });

  it('are sent again when the connection is lost before the answer', async () => {
    await client.ping();
    stage.redis.signal('SIGSTOP');
    const answer = client.set('late', 'value');
    await new Promise(setImmediate);
    client.stream.destroy();
    stage.redis.signal('SIGCONT');
    expect(await answer).toBe('OK');
    expect(await client.get('late')).toBe('value');
  });

  it('are waited for once, however often the command is sent', async () => {
    await client.ping();
    const command = new Command('set', ['often', 'value'], { replyEncoding: 'utf8' });
    const waits = jest.spyOn(command.promise, 'then');
    const answers = [1, 2, 3].map(() => client.sendCommand(command));
    expect(waits).toHaveBeenCalledTimes(1);
    expect(await Promise.all(answers)).toEqual(['OK', 'OK', 'OK']);
  });

  it('do not pile up among old objects', async () => {
    const text = 'x'.repeat(50_000);
    const old = new OldObjects();
    for (let n = 0; n < 100; n++) {
      await client.set('large', `${text}${String(n)}`);
      if (n % 10 === 0) old.collectYoung();
    }
    // All 100 of them are 5 MB.
    expect(old.grownBy).toBeLessThan(2_000_000);
  });
});
