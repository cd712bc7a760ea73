import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModulesContainer } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { BoundedMap } from '../../src/message-queue/adapters/in-memory/bounded-map.js';
import { InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import { findInTables } from './marker-look.js';
import { keysOf } from './redis-keys.js';

/** Where an app keeps what it was given. What is left out is not looked at. */
export interface Keeping {
  readonly app: INestApplication;
  /** Its Redis. */
  readonly client?: Redis;
  /** Its files. */
  readonly directory?: string;
}

/**
 * Where one of these texts stands in all that an app keeps, in order: columns of tables as the catalog names them, keys as SCAN does, files as
 * their directory does, and services of the app with all that can be reached from them in memory. Nobody lists what there is.
 */
export async function placesWith(texts: readonly string[], keeping: Keeping): Promise<string[]> {
  const { app, client, directory } = keeping;
  const services = servicesOf(app);
  const database = services.find((service) => service instanceof SqlDatabase);
  const holds = (text: string): boolean => texts.some((wanted) => text.includes(wanted));
  const tables = database === undefined ? [] : await findInTables(database, texts);
  const keys = client === undefined ? [] : (await keysOf(client)).filter(holds);
  const files = directory === undefined ? [] : filesBelow(directory).filter(([, text]) => holds(text));
  return [
    ...tables.map((name) => `table ${name}`),
    ...keys.map((entry) => `key ${(JSON.parse(entry) as [string])[0]}`),
    ...files.map(([name]) => `file ${name}`),
    ...reachedWith(texts, services).map((path) => `memory ${path}`),
  ].sort();
}

function filesBelow(directory: string): [name: string, text: string][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => [name, `${name} ${readFileSync(join(parentPath, name), 'latin1')}`]);
}

function servicesOf(app: INestApplication): unknown[] {
  return [...app.get(ModulesContainer).values()].flatMap((module) =>
    [...module.providers.values()].map(({ instance }): unknown => instance),
  );
}

/** Each thing counts once, for the service that leads there first. */
function reachedWith(texts: readonly string[], services: readonly unknown[]): string[] {
  const found = new Set<string>();
  const seen = new Set<unknown>();
  const left = services.map((service): [path: string, value: unknown] => [
    (service as object | null)?.constructor.name ?? 'nothing',
    service,
  ]);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [path, value] = next;
    if (typeof value === 'string' && texts.some((text) => value.includes(text))) found.add(path);
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Uint8Array) left.push([path, Buffer.from(value).toString('latin1')]);
    else
      left.push(
        ...partsOf(value).map(([name, part]): [string, unknown] => [shortened(`${path}${name}`), part]),
      );
  }
  return [...found];
}

/** The service and the last names on the way: lists are linked by hundreds of them. */
function shortened(path: string): string {
  const [service = '', ...names] = path.split('.');
  return [service, ...names.filter((name) => name !== 'prev' && name !== 'next').slice(-5)].join('.');
}

function partsOf(value: object): [name: string, part: unknown][] {
  if (value instanceof BoundedMap)
    return [...value.keys(), ...(value.values() as unknown[])].map((part) => ['', part]);
  if (value instanceof InMemoryMessages) return value.messages().map((message) => ['.messages', message]);
  if (value instanceof Map) return [...value].map((entry) => ['', entry]);
  if (value instanceof Set || Array.isArray(value)) return [...value].map((part) => ['', part]);
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, { value: part }]) => [
    `.${name}`,
    part,
  ]);
}
