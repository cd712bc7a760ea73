/** What somebody may do beside chatting: `board` sees every queue and job, `announce` writes to everyone. */
export const RIGHTS = ['board', 'announce'] as const;
export type Right = (typeof RIGHTS)[number];

/** Who asks, of a request as well as of a socket. Made by the PrincipalReader only. */
export interface Principal {
  readonly id: string;
  readonly rights: readonly Right[];
}
