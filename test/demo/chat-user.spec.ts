import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseChatUsers } from '../../src/chat/sign-in/people/chat-users.js';
import { isPassword } from '../../src/chat/sign-in/people/password-hash.js';

const PROGRAM = join(__dirname, '..', '..', 'dist', 'chat-user.js');

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function chatUser(args: readonly string[], input = ''): Run {
  return spawnSync(process.execPath, [PROGRAM, ...args], { input, encoding: 'utf8' });
}

describe('npm run chat-user', () => {
  it('makes an entry of CHAT_USERS from the first line of standard input', async () => {
    const { status, stdout, stderr } = chatUser(
      ['ada', 'board', 'announce', 'board'],
      'correct horse battery\nmore\n',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toContain('horse');
    const [ada, ...others] = parseChatUsers(stdout);
    expect(others).toEqual([]);
    expect(ada).toMatchObject({ id: 'ada', rights: ['board', 'announce'] });
    expect(await isPassword('correct horse battery', ada!.hash)).toBe(true);
  });

  it.each<[string[], string, string]>([
    [['ada'], 'short\n', 'A password has 12 to 256 characters, not 5.'],
    [['ada'], '', 'No password came by standard input.'],
    [['a d'], 'correct horse battery\n', 'A name has 1 to 64 letters, digits or . _ -'],
    [['ada', 'admin'], 'correct horse battery\n', 'There are two rights: board and announce.'],
    [['ada', '--password=correct horse battery'], '', "Unknown option '--password'"],
  ])('says what is wrong with %j, and ends with 1', (args, input, problem) => {
    const { status, stdout, stderr } = chatUser(args, input);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('horse');
  });

  it('explains itself', () => {
    expect(chatUser(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('never give it as an argument'),
    });
    expect(chatUser([])).toMatchObject({ status: 1, stdout: expect.stringContaining('Usage:') });
  });
});
