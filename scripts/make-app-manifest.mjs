// Rewrites package.json so that `npm ci --omit=dev` installs what the reference app runs on: the library's
// dependencies, its peers and the HTTP platform, at the locked versions. Only for the image; never commit the result.
import { readFileSync, writeFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const platform = Object.keys(manifest.devDependencies).filter((name) =>
  /^@nestjs\/(platform-|websockets$)/.test(name),
);
const needed = [...Object.keys(manifest.peerDependencies), ...platform];

const runtime = Object.fromEntries(needed.map((name) => [name, manifest.devDependencies[name]]));

manifest.dependencies = { ...manifest.dependencies, ...runtime };
manifest.devDependencies = Object.fromEntries(
  Object.entries(manifest.devDependencies).filter(([name]) => !needed.includes(name)),
);
delete manifest.peerDependencies;
delete manifest.peerDependenciesMeta;
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
