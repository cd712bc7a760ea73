import { Logger } from '@nestjs/common';
import type { AuditEntry } from '../../message-queue/operations/index.js';
import type { AuditRecord } from '../../message-queue/ports/index.js';
import { SignInThrottle } from './sign-in-throttle.js';

describe('SignInThrottle', () => {
  let now: number;
  let throttle: SignInThrottle;
  let lines: string[];
  let written: AuditEntry[];
  let isAuditAway: boolean;
  beforeEach(() => {
    now = 1_000_000;
    written = [];
    isAuditAway = false;
    throttle = new SignInThrottle(
      { now: () => now },
      {
        target: async (kind, id) => ({ kind, hash: `hash of ${id.length} characters` }),
        append: async (entry) => {
          if (isAuditAway) throw new TypeError('away');
          written.push(entry);
          return {} as AuditRecord;
        },
      },
    );
    lines = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: string) => lines.push(line));
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => lines.push(line));
  });
  afterEach(() => jest.restoreAllMocks());

  const begin = (times: number, name = 'ada', address = '203.0.113.7'): number[] =>
    Array.from({ length: times }, () => throttle.begin(name, address));

  it('lets five begin within a minute, and says how long the sixth waits', () => {
    expect(begin(3)).toEqual([0, 0, 0]);
    now += 20_000;
    expect(begin(4)).toEqual([0, 0, 40, 40]);
    now += 39_999;
    expect(begin(1)).toEqual([1]);
    now += 1;
    expect(begin(4)).toEqual([0, 0, 0, 20]);
  });

  it('counts each name and each address by itself', () => {
    begin(5);
    expect(begin(1, 'grace')).toEqual([0]);
    expect(begin(1, 'ada', '203.0.113.8')).toEqual([0]);
    expect(begin(1)).toEqual([60]);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::99', '2001:db8:1:3::1'],
    ['2001:db8::1', '2001:db8:0:0:ffff::', '2001:db8:0:1::1'],
    ['fe80::1%eth0', 'fe80::2', 'fe81::1'],
    ['::ffff:203.0.113.7', '203.0.113.7', '::ffff:203.0.113.8'],
  ])(
    'takes all that somebody can choose of an address for one: %s and %s, but not %s',
    (one, same, other) => {
      begin(5, 'ada', one);
      expect(begin(1, 'ada', same)).toEqual([60]);
      expect(begin(1, 'ada', other)).toEqual([0]);
    },
  );

  it('forgives mistakes once the password was right', () => {
    begin(4);
    throttle.succeeded('ada', '203.0.113.7');
    expect(begin(6)).toEqual([0, 0, 0, 0, 0, 60]);
  });

  it('writes one line a minute, with what was refused and from where, and without the name', () => {
    begin(20, 'hunter2 in the wrong field\n');
    begin(20, 'grace');
    now += 60_000;
    begin(20, 'grace');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^sign-in-refused: .* from 203\.0\.113\.7$/);
  });

  it('writes it to the audit as well, and goes on when the audit is away', async () => {
    begin(20);
    await new Promise(setImmediate);
    expect(written).toEqual([
      {
        ...{ actor: 'chat', action: 'sign-in-refused', count: 5, reason: 'too-many-wrong-passwords' },
        target: { kind: 'principal', hash: 'hash of 3 characters' },
      },
    ]);
    isAuditAway = true;
    expect(begin(6, 'grace')).toEqual([0, 0, 0, 0, 0, 60]);
    await new Promise(setImmediate);
    expect(lines.at(-1)).toBe('sign-in-refused: not written to the audit (TypeError)');
  });

  it('forgets what is older than a minute', () => {
    for (let n = 0; n < 1_000; n += 1) throttle.begin(`name-${n}`, '203.0.113.7');
    now += 60_000;
    begin(1);
    expect((throttle as unknown as { attempts: Map<string, unknown> }).attempts.size).toBe(1);
  });
});
