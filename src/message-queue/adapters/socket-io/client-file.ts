import { join } from 'node:path';

/**
 * The browser client as a file that a host serves to its pages (an ES module without imports):
 * `import { MessageClient } from '/message-client.js'`. Bundlers import `nestjs-message-queue/adapters/socket-io/client`.
 */
export const SOCKET_IO_CLIENT_FILE = join(__dirname, 'client', 'index.js');
