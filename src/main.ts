import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { printableLogger } from './message-queue/operations/index.js';
import { checkProcessRole } from './process-role.js';
import { appHost, appPort, hasColors, printGoodbyeOnInterrupt, printWelcome } from './welcome.js';

async function bootstrap(): Promise<void> {
  // npm start says --development: it is for a newcomer's own machine. Started in any other way the app opens nothing unasked.
  const environmentIfUnset = process.argv.includes('--development') ? 'development' : undefined;
  const app = await NestFactory.create(AppModule.register({ environmentIfUnset }), {
    logger: printableLogger(new ConsoleLogger({ colors: hasColors() })),
  });
  const role = checkProcessRole(app, app.get(ConfigService).get<string>('DATABASE_URL'));
  app.enableShutdownHooks([], { useProcessExit: true });
  printGoodbyeOnInterrupt();
  if (role === 'worker') {
    await app.init();
    console.log('\n  Jobs run here, and no web server does (MESSAGE_QUEUE_ROLE=worker). Stop: Ctrl-C\n');
    return;
  }
  await app.listen(appPort(app), appHost(app));
  printWelcome(app, await app.getUrl());
}

bootstrap().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  // Connections that are open by now must not keep a process that has not started.
  process.exit(1);
});
