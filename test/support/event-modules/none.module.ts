export class NoModule {}
