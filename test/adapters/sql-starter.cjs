// A process that opens the database of its first argument when it is told to, and says which schema it found.
require('../support/typescript-hook.cjs');
const { SqlDatabase } = require('../../src/message-queue/adapters/sql/database/sql-database.ts');

async function start() {
  const database = await SqlDatabase.open({ url: process.argv[2] });
  const steps = await database.run('read its schema', undefined, (db) =>
    db.selectFrom('mq_migrations').select('version').orderBy('version').execute(),
  );
  process.send(steps.map(({ version }) => version));
  await database.close();
  process.disconnect();
}

process.once('message', () => void start());
process.send('ready');
