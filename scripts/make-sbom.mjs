// The software bill of materials, from the lockfile alone. `npm sbom --omit dev` does not do: with npm 11 it leaves out
// bull and ioredis, because development packages depend on them too, and all peers.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const HELP = `Writes the software bill of materials (CycloneDX 1.6, JSON) of a production install: the dependencies and required
peers of package.json and all that they need, at the versions of package-lock.json in the current folder. The optional
peers, which adapters load when they are used, are listed with the scope "optional".

  npm run --silent sbom                  to standard output
  npm run --silent sbom -- --out FILE    to a file
  npm run --silent sbom -- --help        this text

The same lockfile gives the same bytes. Set SOURCE_DATE_EPOCH (seconds) for a timestamp; without it there is none.`;

/** Where Node finds `name` from the package at `path`: in the nearest node_modules at or above it. */
function locate(packages, path, name) {
  for (
    let folder = path;
    folder !== '';
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))
  ) {
    const nested = `${folder}/node_modules/${name}`;
    if (nested in packages) return nested;
  }
  const top = `node_modules/${name}`;
  return top in packages ? top : undefined;
}

/** What the package at `path` needs, as places in the lockfile. Optional peers count where the root has them. */
function needsOf(packages, path, withOptional) {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = packages[path];
  const isOptionalPeer = (name) => peerDependenciesMeta[name]?.optional === true;
  const peers = Object.keys(peerDependencies);
  const required = [...Object.keys(dependencies), ...peers.filter((name) => !isOptionalPeer(name))];
  const optional = [
    ...Object.keys(optionalDependencies),
    ...(path === '' ? peers.filter(isOptionalPeer) : []),
  ];
  const places = required.map((name) => {
    const place = locate(packages, path, name);
    if (place === undefined)
      throw new Error(`package-lock.json has no "${name}", which "${path}" needs: run npm install.`);
    return place;
  });
  if (!withOptional) return places;
  return [
    ...places,
    ...optional.map((name) => locate(packages, path, name)).filter((place) => place !== undefined),
  ];
}

/** Everything that the root needs, near and far: place → what the package there needs. */
function closure(packages, withOptional) {
  const needs = new Map();
  const open = [''];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (needs.has(path)) continue;
    needs.set(path, needsOf(packages, path, withOptional));
    open.push(...needs.get(path));
  }
  return needs;
}

const nameOf = (path, entry) =>
  entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The package URL, as github.com/package-url/purl-spec has it for npm. */
const purlOf = (name, version) => `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`;

/** An identifier of SPDX, an expression of several, or in words what is neither. */
function licencesOf(license) {
  if (license === undefined) return undefined;
  if (/ (AND|OR|WITH) /.test(license)) return [{ expression: license }];
  if (/^(SEE LICENSE IN .*|UNLICENSED)$/.test(license)) return [{ license: { name: license } }];
  return [{ license: { id: license } }];
}

function componentOf(path, entry, scope) {
  const name = nameOf(path, entry);
  const purl = purlOf(name, entry.version);
  const [, hash] = /^sha512-(\S+)$/.exec(entry.integrity ?? '') ?? [];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version: entry.version,
    scope,
    hashes: hash && [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }],
    licenses: licencesOf(entry.license),
    purl,
  };
}

/** By code units: the same on every machine, whatever its language. */
const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function timestampOf(epoch) {
  if (epoch === undefined) return undefined;
  if (!/^\d{1,11}$/.test(epoch))
    throw new Error('SOURCE_DATE_EPOCH must be a whole number of seconds since 1970.');
  return new Date(Number(epoch) * 1000).toISOString();
}

/** A package may stand in several places of the tree, each with other versions of what it needs: one component, all needs. */
function materialsOf(packages, epoch) {
  const needs = closure(packages, true);
  const required = closure(packages, false);
  const { name, version, license } = packages[''];
  const root = purlOf(name, version);
  const components = new Map();
  const dependsOn = new Map();
  const refOf = (path) => (path === '' ? root : purlOf(nameOf(path, packages[path]), packages[path].version));
  for (const [path, places] of needs) {
    const ref = refOf(path);
    dependsOn.set(ref, new Set([...(dependsOn.get(ref) ?? []), ...places.map(refOf)]));
    if (path === '' || (components.has(ref) && !required.has(path))) continue;
    components.set(ref, componentOf(path, packages[path], required.has(path) ? 'required' : 'optional'));
  }
  const main = { type: 'library', 'bom-ref': root, name, version, licenses: licencesOf(license), purl: root };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: timestampOf(epoch), lifecycles: [{ phase: 'pre-build' }], component: main },
    components: [...components.values()].sort((a, b) => ascending(a.purl, b.purl)),
    dependencies: [...dependsOn]
      .map(([ref, refs]) => ({ ref, dependsOn: [...refs].sort(ascending) }))
      .sort((a, b) => ascending(a.ref, b.ref)),
  };
}

try {
  const { values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(HELP);
  } else {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    const text = `${JSON.stringify(materialsOf(packages, process.env.SOURCE_DATE_EPOCH), null, 2)}\n`;
    if (values.out === undefined) process.stdout.write(text);
    else writeFileSync(values.out, text);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
