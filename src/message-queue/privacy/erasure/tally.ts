/** Records by the name of what holds them. */
export class Tally extends Map<string, number> {
  add(name: string, records: number): void {
    this.set(name, this.of(name) + records);
  }

  addAll(others: ReadonlyMap<string, number>): void {
    others.forEach((records, name) => this.add(name, records));
  }

  of(name: string): number {
    return this.get(name) ?? 0;
  }
}
