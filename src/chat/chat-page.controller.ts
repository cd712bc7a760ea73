import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { Public } from './sign-in/signed-in.guard.js';
import { SOCKET_IO_CLIENT_FILE } from '../message-queue/adapters/socket-io/index.js';

const PAGE_DIRECTORY = join(__dirname, 'page');
const PAGE = 'index.html';
const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
} as const;

/** Every file that is served, by its name in the address. Nothing else is, whatever the address says. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...readdirSync(PAGE_DIRECTORY)
    .filter((name) => name !== PAGE)
    .map((name) => [name, join(PAGE_DIRECTORY, name)] as const),
  ['message-client.js', SOCKET_IO_CLIENT_FILE] as const,
]);

/** Scripts, styles and sockets of our own only, nobody may frame the page, and no text can become markup. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page at `/`: plain files, no build step, nothing in them that is anybody's. */
@Public()
@Controller()
export class ChatPageController {
  @Get()
  @Header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  @Header('Cache-Control', 'no-cache')
  page(): Promise<StreamableFile> {
    return fileAt(join(PAGE_DIRECTORY, PAGE), TYPES.html);
  }

  @Get('assets/:name')
  @Header('Cache-Control', 'no-cache')
  asset(@Param('name') name: string): Promise<StreamableFile> {
    const path = FILES.get(name);
    if (path === undefined) throw new NotFoundException(`There is no asset "${name}".`);
    return fileAt(path, name.endsWith('.css') ? TYPES.css : TYPES.js);
  }
}

async function fileAt(path: string, type: string): Promise<StreamableFile> {
  return new StreamableFile(await readFile(path), { type });
}
