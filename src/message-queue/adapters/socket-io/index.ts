export { SOCKET_IO_CLIENT_FILE } from './client-file.js';
export { socketIoAdapters } from './socket-io-adapters.js';
export type { SocketIoAsyncOptions } from './socket-io-adapters.js';
export { SocketIoInAppChannel } from './socket-io-in-app.channel.js';
export type { SocketIoRedis, SocketIoTransportOptions } from './socket-io.options.js';
export { SocketIoTransport } from './socket-io.transport.js';
export { SocketEvent } from './socket-protocol.js';
export type { DeviceStores } from './devices/device-updates.js';
export type {
  ConfirmationReply,
  DeviceAnswer,
  InFeed,
  SocketConfirmation,
  SocketMessage,
  SocketNotification,
  SocketOwnMessage,
  SocketRead,
  SocketRecall,
  SocketStatus,
  SyncItem,
  SyncReply,
  SyncRequest,
} from './socket-protocol.js';
