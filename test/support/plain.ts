/** A DTO's fields as a host's object literal has them. */
export type Plain<Dto> = Pick<Dto, keyof Dto>;
