// The package's other entries, as a host's own test imports them.
import * as testing from 'nestjs-message-queue/testing';
import * as inMemory from 'nestjs-message-queue/adapters/in-memory';

for (const [entry, exported] of Object.entries({ testing, inMemory })) {
  const names = Object.keys(exported).filter((name) => name !== 'default');
  if (names.length === 0) throw new Error(`${entry} exports nothing`);
}
console.log('entries work');
