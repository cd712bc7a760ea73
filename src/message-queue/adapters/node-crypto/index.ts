export { NodeMessageCipher } from './node-message-cipher.js';
