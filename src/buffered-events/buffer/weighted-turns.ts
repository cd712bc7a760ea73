/** Shares of the three lanes: weights of `critical`, `normal` and `low`. */
export type LaneWeights = readonly [critical: number, normal: number, low: number];

/** Whose turn it is, by smooth weighted round robin: 3 : 2 : 1 gives `c n c l n c`. */
export class WeightedTurns {
  private readonly total: number;
  private critical = 0;
  private normal = 0;
  private low = 0;

  constructor(private readonly weights: LaneWeights) {
    this.total = weights[0] + weights[1] + weights[2];
  }

  /** The lane whose turn is next. It stays so until {@link spend}: a turn in which nothing was ready is not spent. */
  get lane(): number {
    const critical = this.critical + this.weights[0];
    const normal = this.normal + this.weights[1];
    const low = this.low + this.weights[2];
    if (critical >= normal) return critical >= low ? 0 : 2;
    return normal >= low ? 1 : 2;
  }

  /** That lane has had its turn, whoever used it. */
  spend(lane: number): void {
    this.critical += this.weights[0] - (lane === 0 ? this.total : 0);
    this.normal += this.weights[1] - (lane === 1 ? this.total : 0);
    this.low += this.weights[2] - (lane === 2 ? this.total : 0);
  }
}
