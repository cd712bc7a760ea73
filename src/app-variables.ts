import { KEY_RING_VARIABLES } from './message-queue/adapters/environment-keys/index.js';

/**
 * The variables that the reference app reads in addition to those of the module. `.env.example` and `docs/configuration.md`
 * are generated from this and the module's schema.
 */
export const APP_VARIABLES = {
  port: {
    variable: 'PORT',
    allowed: 'a whole number from 0 to 65535',
    description: 'Port of the chat, the board and the API; 0 picks a free one.',
    default: '5001',
  },
  host: {
    variable: 'HOST',
    allowed: 'an address or host name of this machine',
    description: 'Address to listen on; 0.0.0.0 lets other machines in, and is refused without CHAT_USERS.',
    default: '127.0.0.1',
  },
  chatUsers: {
    variable: 'CHAT_USERS',
    allowed:
      'entries separated by commas, each `<name>[+<right>…]:<hash>`, as `npm run chat-user -- <name>` makes them; the rights are `board` and `announce`',
    description:
      'Who may sign in to the chat, and who of them may also see the board and write to everyone. The key that signs sessions is made of it: when it changes, everybody signs in again.',
    otherwise:
      'with NODE_ENV=development or test, this machine plays made-up neighbours; otherwise nobody can sign in',
    example: 'ada+board+announce:scrypt1.…,grace:scrypt1.…',
  },
  chatHosts: {
    variable: 'CHAT_HOSTS',
    allowed: 'host names with or without a port, separated by commas',
    description:
      'Names under which the app may be reached beside localhost, 127.0.0.1, [::1] and HOST with the port it listens on. Requests for any other are refused with 421.',
    otherwise: 'no others',
    example: 'chat.example.org',
  },
  databaseUrl: {
    variable: 'DATABASE_URL',
    allowed: '`postgres://…`, or the path of a SQLite file',
    description: 'Database for messages, inboxes, attachments and the search index.',
    otherwise:
      'each process keeps them in its own memory and loses them when it ends (`npm run demo`: a SQLite file for each run)',
    example: 'postgres://app:secret@127.0.0.1:5432/chat',
  },
  encryptionKeys: {
    variable: KEY_RING_VARIABLES.keys,
    allowed:
      '`<key id>:<key>`, or several separated by commas; a key is 32 bytes in base64, base64url or hex',
    description:
      'Keys that jobs and encrypted messages are sealed with; web servers and workers need the same ones.',
    otherwise:
      'in memory each process makes one up; on Redis the app starts in development and tests only, with a published key that protects nothing',
    example: '2026-11:<output of openssl rand -base64 32>',
  },
  currentEncryptionKey: {
    variable: KEY_RING_VARIABLES.current,
    allowed: 'the id of one of the keys above',
    description: 'Id of the key that seals what is new.',
    otherwise: 'the first one',
    example: '2026-11',
  },
} as const;
