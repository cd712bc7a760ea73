import { isWellFormed } from '../values/well-formed.js';
import { messageKind } from './message-kind.js';

describe('messageKind', () => {
  it.each([
    ['connect ECONNREFUSED 10.0.0.7:6379', 'connect ECONNREFUSED …'],
    ['connect ECONNREFUSED ::1:6379', 'connect ECONNREFUSED …'],
    ['connect ECONNREFUSED 2001:db8::8a2e:370:7334', 'connect ECONNREFUSED …'],
    ['Mailbox ann.o-neil+x@mail.example.org is full', 'Mailbox … is full'],
    ['GET https://api.example.org/v1/users/17?q=a: 503', 'GET … …'],
    ['No user "Ann Other" in \'team 4\'', 'No user … in …'],
    ["can't reach it, won't try", "can't reach it, won't try"],
    ['job m_4sT8qP0aZ1xY9wKe of user 7c1b0e0e-98c7-4c0e-8c55-0f61b0f9a9d1', 'job … of user …'],
    ['took 1,250.75 ms', 'took … ms'],
    ['E11000 duplicate key', 'E… duplicate key'],
    ['Nutzer „Ömer٣“ fehlt', 'Nutzer „Ömer…“ fehlt'],
    ['AES-256-GCM: std::bad_alloc at 12:30:01', 'AES-…-GCM: std::bad_alloc at …'],
    ['', ''],
  ])('%j is of the kind %j', (message, expected) => {
    expect(messageKind(message)).toBe(expected);
  });

  it('is the same for messages that differ in what changes', () => {
    const kinds = [1, 22, 333].map((n) =>
      messageKind(`Recipient u-${n} of "${n}" at host-${n}.example:${n}`),
    );
    expect(new Set(kinds).size).toBe(1);
  });

  it.each([
    'a'.repeat(400),
    '1'.repeat(400),
    '"'.repeat(400),
    ':'.repeat(400),
    'a.'.repeat(200),
    'a-1@'.repeat(100),
  ])('takes no longer for a hostile text (%#)', (message) => {
    const begun = performance.now();
    for (let i = 0; i < 100; i++) messageKind(message);
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('is short, and no half of a character', () => {
    const kind = messageKind('😀'.repeat(300).slice(1));
    expect(kind.length).toBeLessThanOrEqual(200);
    expect(isWellFormed(kind)).toBe(true);
  });
});
