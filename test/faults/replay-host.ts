import { openReplays, REPLAY_BATCH } from './replay-bench.js';

/** A process that replays all dead letters, until it is killed. */
async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const { deadLetters } = openReplays(Number(process.argv[2]));
  await deadLetters.replayAll({ by: 'host', batchSize: REPLAY_BATCH });
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
