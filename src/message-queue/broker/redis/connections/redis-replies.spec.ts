import { meaningOf, replyCode } from './redis-replies.js';
import type { ReplyMeaning } from './redis-replies.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('what an error reply of Redis means', () => {
  it.each<[text: string, code: string, meaning: ReplyMeaning]>([
    ['LOADING Redis is loading the dataset in memory', 'LOADING', 'passing'],
    ['READONLY You can’t write against a read only replica.', 'READONLY', 'passing'],
    [
      'NOREPLICAS Not enough good replicas to write. script: 5fd5, on @user_script:9.',
      'NOREPLICAS',
      'passing',
    ],
    ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN', 'passing'],
    ['OOM command not allowed when used memory > ’maxmemory’.', 'OOM', 'blocked'],
    ['MISCONF Redis is configured to save RDB snapshots', 'MISCONF', 'blocked'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'WRONGTYPE', 'refused'],
    ['NOAUTH Authentication required.', 'NOAUTH', 'refused'],
    ['ERR unknown command', 'ERR', 'refused'],
  ])('%s', (text, code, meaning) => {
    expect([replyCode(reply(text)), meaningOf(reply(text))]).toEqual([code, meaning]);
  });

  it.each([
    [
      'ERR Error running script (call to f_ad17f7): @user_script:1: @user_script: 1: -READONLY You can’t write against a read only replica.',
      'READONLY',
      'passing',
    ],
    [
      'ERR Error running script (call to f_ad17f7): @user_script:12: @user_script: 12: -NOREPLICAS Not enough good replicas to write.',
      'NOREPLICAS',
      'passing',
    ],
    [
      'ERR Error running script (call to f_ad17f7): @user_script:9: OOM command not allowed when used memory > ’maxmemory’.',
      'OOM',
      'blocked',
    ],
    [
      'ERR Error running script (call to f_ad17f7): @user_script:9: WRONGTYPE Operation against a key holding the wrong kind of value',
      'WRONGTYPE',
      'refused',
    ],
    [
      'ERR Error running script (call to f_ad17f7): @user_script:3: user_script:3: attempt to index a nil value',
      'ERR',
      'refused',
    ],
  ])('recognises how Redis 6.2 words it in a script: %s', (text, code, meaning) => {
    expect([replyCode(reply(text)), meaningOf(reply(text))]).toEqual([code, meaning]);
  });

  it('takes every other error for a lost connection', () => {
    expect(meaningOf(new Error('Connection is closed.'))).toBe('lost');
    expect(replyCode(new Error('READONLY is not what this says'))).toBeNull();
  });
});
