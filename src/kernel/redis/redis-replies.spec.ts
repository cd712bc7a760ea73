import { REPLIES } from '../../../test/replies/reply-table.js';
import { isTriedAgain, meaningOf, replyCode, replyOf } from './redis-replies.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('what an error reply of Redis means', () => {
  it.each(REPLIES)('%s', (text, code, meaning) => {
    const error = reply(text);
    expect([replyCode(error), meaningOf(error)]).toEqual([code, meaning]);
    const { remedy, text: said } = replyOf(error)!;
    expect(remedy).toMatch(/^[A-Z].{15,}[^.]\.$/);
    expect(said).not.toMatch(/user_script:|secret|\.$|f_[0-9a-f]{40}/);
  });

  it('recognises why a new connection is refused', () => {
    const error = new Error('Ready check failed: NOAUTH Authentication required.');
    expect(replyOf(error)).toMatchObject({ code: 'NOAUTH', text: 'NOAUTH Authentication required' });
  });

  it('recognises what a transaction was refused for', () => {
    const aborted = reply('EXECABORT Transaction discarded because of previous errors.');
    const previousErrors = [reply("NOPERM User chat has no permissions to run the 'zcard' command")];
    expect(meaningOf(Object.assign(aborted, { previousErrors }))).toBe('denied');
    // ioredis gives one list to the refusals and to what they led to.
    const all = [reply('NOPERM no'), reply('OOM no'), aborted];
    for (const error of all) Object.assign(error, { previousErrors: all });
    expect(all.map((error) => replyCode(error))).toEqual(['NOPERM', 'OOM', 'NOPERM']);
  });

  it('takes every other error for a lost connection', () => {
    expect(meaningOf(new Error('Connection is closed.'))).toBe('lost');
    expect(replyCode(new Error('READONLY is not what this says'))).toBeNull();
  });
});

describe('what becomes of a call', () => {
  const LOST = new Error('Connection is closed.');
  const examples = {
    passing: 'BUSY',
    full: 'OOM',
    denied: 'NOPERM',
    unfit: 'CROSSSLOT',
    faulty: 'WRONGTYPE',
    unknown: 'ERR what nobody knows',
  };
  const after = (call: 'add' | 'ask'): string[] => {
    const answered = Object.entries(examples).filter(([, text]) => isTriedAgain(call, reply(`${text} x`)));
    return [...(isTriedAgain(call, LOST) ? ['lost'] : []), ...answered.map(([meaning]) => meaning)];
  };

  it('tries again after what passes', () => {
    expect({ add: after('add'), ask: after('ask') }).toEqual({
      add: ['lost', 'passing'],
      ask: ['passing'],
    });
  });
});
