import {
  EnvironmentKeyProvider,
  WrappedKeyProvider,
} from '../../src/message-queue/adapters/environment-keys/index.js';
import { FcmPushChannel } from '../../src/message-queue/adapters/fcm/index.js';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import { NodeMessageCipher } from '../../src/message-queue/adapters/node-crypto/index.js';
import { PooledMessageCipher } from '../../src/message-queue/adapters/piscina/index.js';
import * as contracts from '../../src/message-queue/testing/contracts/index.js';

const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
const older = Buffer.from(key).reverse();
// The current key is not the first one: a list of keys must put it there.
const ring = { keys: { 'k-0': older.toString('base64'), 'k-1': key.toString('base64') }, current: 'k-1' };
const greeting = { title: 'For {{ name }}', text: 'Hi {{ name }}', html: '<p>{{ name }}</p>' };

describe('EnvironmentKeyProvider', () =>
  contracts.keyProviderContract(() => new EnvironmentKeyProvider(ring)));

describe('WrappedKeyProvider', () => {
  contracts.keyProviderContract(
    () => new WrappedKeyProvider(ring, { unwrap: (wrapped) => Promise.resolve(wrapped) }),
  );
});

describe('NodeMessageCipher', () => {
  contracts.messageCipherContract(() => new NodeMessageCipher(new EnvironmentKeyProvider(ring)));
});

describe('PooledMessageCipher', () => {
  contracts.messageCipherContract(() => new PooledMessageCipher(new EnvironmentKeyProvider(ring)));
});

describe('LiquidTemplateRenderer', () => {
  contracts.templateRendererContract(() => {
    const list = {
      text: '{% for item in items %}- {{ item.title }}\n{% endfor %}',
      html: '<ul>{% for item in items %}<li>{{ item.title }}</li>{% endfor %}</ul>',
    };
    const renderer = new LiquidTemplateRenderer({ templates: { greeting, list } });
    return { renderer, template: 'greeting', list: 'list' };
  });
});

describe('FcmPushChannel', () => {
  contracts.notificationChannelContract(() => {
    let received = 0;
    const send = (): Promise<string> => Promise.resolve(`message-${(received += 1)}`);
    return { channel: new FcmPushChannel({ send }), destination: 'token', received: () => received };
  });
});
