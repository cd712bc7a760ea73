import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { freePort } from '../../../../test/support/redis-server.js';
import type { HttpStep } from '../http/mount.js';
import type { Broker, ServerReport } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { Refusal } from '../../../kernel/values/kind.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { BrokerAnswers } from './broker-answers.js';
import { ProbePort } from './probe-port.js';
import { ProcessProbes } from './process-probes.js';
import { PROBES_SETTINGS } from './probes-settings.js';

const { kind } = PROBES_SETTINGS.probes;

describe('The setting of probes', () => {
  it.each([
    ['9090', { path: '/health', port: 9_090 }],
    ['file:/run/alive', { path: '/health', file: '/run/alive' }],
    ['true', { path: '/health' }],
    ['false', null],
  ])('reads %j as a variable', (text, read) => {
    expect(kind.fromText(text)).toEqual(read);
  });

  it.each([
    '0',
    '65536',
    '99999',
    'file:',
    'file:alive',
    'file:a/../b',
    'yes please',
    'port:9090',
    '-1',
    '90.5',
  ])('refuses %j as a variable', (text) => expect(kind.fromText(text)).toBeInstanceOf(Refusal));

  it('reads options, and refuses what is none', () => {
    expect(kind.read(true)).toEqual({ path: '/health' });
    expect(kind.read({ port: 1, host: '::1', path: '/a/b' })).toEqual({ port: 1, host: '::1', path: '/a/b' });
    expect(kind.read(false)).toBeNull();
    for (const wrong of [
      { port: '1' },
      { prot: 1 },
      { path: 'health' },
      { path: '/' },
      { path: '/a?b' },
      [],
      9_090,
      { host: ' ' },
    ]) {
      expect(kind.read(wrong)).toBeInstanceOf(Refusal);
    }
  });
});

describe('BrokerAnswers', () => {
  const clock = new ManualClock();
  let report: () => Promise<Partial<ServerReport>>;
  let asked = 0;

  function answers(): BrokerAnswers {
    asked = 0;
    const broker = {
      inspectServer: () => {
        asked += 1;
        return report();
      },
    } as Partial<Broker> as Broker;
    const queues = { names: () => ['a', 'b'], get: () => ({ broker }) } as unknown as ManagedQueues;
    return new BrokerAnswers(queues, clock);
  }

  it('asks each broker once, and not again within 4 s', async () => {
    report = async () => ({ reachable: true, findings: [] });
    const it_ = answers();
    expect(await Promise.all([it_.areRecent(), it_.areRecent()])).toEqual([true, true]);
    await clock.advance(3_999);
    expect(await it_.areRecent()).toBe(true);
    expect(asked).toBe(1);
    await clock.advance(1);
    await it_.areRecent();
    expect(asked).toBe(2);
  });

  it.each<[string, () => Promise<Partial<ServerReport>>]>([
    ['does not answer', () => new Promise(() => undefined)],
    ['fails', () => Promise.reject(new Error('no'))],
    ['is away', async () => ({ reachable: false, findings: [] })],
    [
      'refuses everything',
      async () => ({ reachable: true, findings: [{ severity: 'fatal', about: 'refusal', message: '' }] }),
    ],
  ])('counts the last answer for 10 s of a broker that %s', async (_what, away) => {
    const it_ = answers();
    report = async () => ({ reachable: true, findings: [] });
    expect(await it_.areRecent()).toBe(true);
    report = away;
    await clock.advance(9_999);
    expect(await it_.areRecent()).toBe(true);
    await clock.advance(1);
    expect(await it_.areRecent()).toBe(false);
  });

  it('is over when a shutdown begins while the broker is asked', async () => {
    const state = { isReady: true };
    const probes = new ProcessProbes(state, {
      areRecent: async () => {
        state.isReady = false;
        return true;
      },
    });
    expect(await probes.isReady()).toBe(false);
  });
});

describe('ProbePort', () => {
  it('says which port is taken, and by which setting it is chosen', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(new ProbePort(port, '127.0.0.1', []).open()).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining(
        `operations.probes.port (MESSAGE_QUEUE_PROBES): is taken: something else listens on ${port} already; choose another port`,
      ),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it('closes although somebody holds a connection and says nothing, and lets answers under way go out', async () => {
    const port = await freePort();
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      const step: HttpStep = (_request, response) => {
        answer = () => void response.end('late');
        resolve();
      };
      opened = new ProbePort(port, '127.0.0.1', [{ address: '/slow', step }]);
    });
    await opened?.open();
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    const body = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text());
    await asked;
    const closed = opened?.close();
    answer();
    expect(await body).toBe('late');
    await closed;
    silent.destroy();
  });
  let opened: ProbePort | undefined;
});
