import { RedisScripts } from '../../src/message-queue/broker/redis/connections/redis-scripts.js';
import type { LuaScript } from '../../src/message-queue/broker/redis/scripts/lua-script.js';
import type { TcpProxy } from './tcp-proxy.js';

/**
 * Has Redis execute the next call of a script, and swallows the answer: what was not answered, the client sends again once `reconnect`
 * was called. Redis must know the script already, or it only asks for its text.
 */
export function loseNextAnswer(proxy: TcpProxy, script: LuaScript): void {
  const { run } = RedisScripts.prototype;
  const spy = jest.spyOn(RedisScripts.prototype, 'run').mockImplementation(function (
    this: RedisScripts,
    called,
    ...args
  ) {
    if (called === script) {
      spy.mockRestore();
      proxy.swallowReplies();
    }
    return run.call(this, called, ...args);
  });
}

/** The network works again, on new connections. */
export function reconnect(proxy: TcpProxy): void {
  proxy.heal();
  proxy.cut();
}
