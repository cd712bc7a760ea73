import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { KeyRing } from '../support/key-ring.js';

/** Starts the reference app. @param port 0 takes a free one */
export async function startChatServer(options: AppOptions, port = 0): Promise<INestApplication> {
  const keys = options.environment === 'production' ? [{ provide: KeyProvider, useClass: KeyRing }] : [];
  const imports = [AppModule.register({ environment: 'development', adapters: keys, ...options })];
  const module = await Test.createTestingModule({ imports }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(port, '127.0.0.1');
  return app;
}
