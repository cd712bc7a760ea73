import type { Socket } from 'socket.io';

type Adapter = Socket['nsp']['adapter'];

/** Says whose socket it is: whose room the gateway has put it into, which may take it a moment. */
export class JoinedRooms {
  private readonly waiting = new Map<string, (room: string) => void>();
  private adapter: Adapter | null = null;

  /** @param ownerOf the user whose room it is; null: it is another room */
  constructor(private readonly ownerOf: (room: string) => string | null) {}

  /** The user whose room a socket is in, the first that it joined; null when it has joined none in time, or has left. */
  async userOf(socket: Socket, timeoutMs: number): Promise<string | null> {
    for (const room of socket.rooms) {
      const owner = this.ownerOf(room);
      if (owner !== null) return owner;
    }
    if (socket.disconnected) return null;
    this.listen(socket.nsp.adapter);
    return new Promise((resolve) => {
      const end = (owner: string | null): void => {
        clearTimeout(timer);
        socket.off('disconnect', leave);
        this.waiting.delete(socket.id);
        resolve(owner);
      };
      const leave = (): void => end(null);
      const timer = setTimeout(leave, timeoutMs).unref();
      socket.once('disconnect', leave);
      this.waiting.set(socket.id, (room) => {
        const owner = this.ownerOf(room);
        if (owner !== null) end(owner);
      });
    });
  }

  /** Hears of no more rooms. */
  close(): void {
    this.adapter?.off('join-room', this.joined);
    this.adapter = null;
  }

  private listen(adapter: Adapter): void {
    if (this.adapter === adapter) return;
    this.close();
    this.adapter = adapter;
    adapter.on('join-room', this.joined);
  }

  private readonly joined = (room: string, id: string): void => this.waiting.get(id)?.(room);
}
