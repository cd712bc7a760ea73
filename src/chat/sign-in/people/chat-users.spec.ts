import { parseChatUsers } from './chat-users.js';
import { hashPassword, isPassword, NOBODYS_HASH, parsePasswordHash } from './password-hash.js';

describe('CHAT_USERS', () => {
  let hash: string;
  beforeAll(async () => {
    hash = await hashPassword('correct horse battery');
  });

  it('names people, their rights and the hashes of their passwords', () => {
    const users = parseChatUsers(` ada+board+announce:${hash},\n zo\u0065\u0308.b-1:${hash}, `);
    expect(users.map(({ id, rights }) => [id, rights])).toEqual([
      ['ada', ['board', 'announce']],
      ['zo\u00eb.b-1', []],
    ]);
  });

  it.each<[string, (hash: string) => string, RegExp]>([
    ['nothing', () => ' , ', /has no entry/],
    ['no hash', () => 'ada', /entry 1 must end with a colon and the hash/],
    ['a password in place of a hash', () => 'ada:correct horse battery', /entry 1 must end with/],
    ['half a hash', (good) => `ada:${good.slice(0, -1)}`, /entry 1 must end with/],
    ['something after the hash', (good) => `ada:${good}:admin`, /entry 1 must end with/],
    ['no name', (good) => `:${good}`, /entry 1 must begin with a name/],
    ['a name with a blank', (good) => `a d:${good}`, /entry 1 must begin with a name/],
    ['a name that is too long', (good) => `${'a'.repeat(65)}:${good}`, /entry 1 must begin with a name/],
    [
      'a right that there is not',
      (good) => `ada:${good},grace+admin:${good}`,
      /entry 2 has an unknown right/,
    ],
    [
      'a name twice',
      (good) => `ada:${good},grace:${good},ada+board:${good}`,
      /entry 3 has the name of an earlier/,
    ],
    ['a name twice in two spellings', (good) => `zo\u00eb:${good},zoe\u0308:${good}`, /entry 2 has the name/],
  ])('is refused with %s, without a word of it', (_, text, problem) => {
    const given = text(hash);
    let message = '';
    try {
      parseChatUsers(given);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(problem);
    expect(message).not.toContain('scrypt1');
    expect(message).not.toContain('correct horse');
    expect(message).not.toContain('admin');
  });
});

describe('A password hash', () => {
  it('fits its password, however its characters are written, and no other', async () => {
    const parsed = parsePasswordHash(await hashPassword('caf\u00e9 au lait'))!;
    expect(await isPassword('cafe\u0301 au lait', parsed)).toBe(true);
    for (const other of ['', 'cafe au lait', 'CAF\u00c9 AU LAIT', 'caf\u00e9 au lait '])
      expect(await isPassword(other, parsed)).toBe(false);
    expect(await isPassword('', NOBODYS_HASH)).toBe(false);
  });

  it('has a salt of its own, and no character that a shell or Docker Compose would change', async () => {
    const [one, other] = await Promise.all([hashPassword('the same one'), hashPassword('the same one')]);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^[\w.-]+$/);
  });
});
