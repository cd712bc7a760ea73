import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { appPort, hasColors, printWelcome } from './welcome.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule.register(), {
    logger: new ConsoleLogger({ colors: hasColors() }),
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(appPort(app));
  printWelcome(await app.getUrl());
}

bootstrap().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
