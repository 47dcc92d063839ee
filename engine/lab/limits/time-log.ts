/** Times and amounts in the order in which they came, dropped at the front: a ring that grows. */
export class TimeLog {
  private times = new Float64Array(64);
  private amounts = new Float64Array(64);
  private head = 0;
  private tail = 0;
  private sum = 0;

  /** How many are logged. */
  get length(): number {
    return this.tail - this.head;
  }

  /** Sum of the amounts. */
  get total(): number {
    return this.sum;
  }

  /** Logs an amount. The mark names it for {@link adjust}. */
  add(timeMs: number, amount: number): number {
    if (this.length === this.times.length) this.grow();
    this.times[this.tail % this.times.length] = timeMs;
    this.amounts[this.tail % this.times.length] = amount;
    this.sum += amount;
    this.tail += 1;
    return this.tail - 1;
  }

  /** Changes an amount that is still logged. */
  adjust(mark: number, difference: number): void {
    if (mark < this.head) return;
    const place = mark % this.times.length;
    this.amounts[place] = (this.amounts[place] ?? 0) + difference;
    this.sum += difference;
  }

  /** Drops what was logged at `timeMs` and before. */
  dropUntil(timeMs: number): void {
    while (this.head < this.tail && this.timeAt(this.head) <= timeMs) {
      this.sum -= this.amountAt(this.head);
      this.head += 1;
    }
    // What rounding has left over may not add up.
    if (this.head === this.tail) this.sum = 0;
  }

  /** Time of the entry with whose end at least `amount` is gone; undefined when all that is logged is less. */
  goneAt(amount: number): number | undefined {
    let gone = 0;
    for (let mark = this.head; mark < this.tail; mark += 1) {
      gone += this.amountAt(mark);
      if (gone >= amount) return this.timeAt(mark);
    }
    return undefined;
  }

  /** Time of the last entry. */
  get newest(): number {
    return this.timeAt(this.tail - 1);
  }

  private timeAt(mark: number): number {
    return this.times[mark % this.times.length] as number;
  }

  private amountAt(mark: number): number {
    return this.amounts[mark % this.amounts.length] as number;
  }

  private grow(): void {
    const places = this.times.length * 2;
    const times = new Float64Array(places);
    const amounts = new Float64Array(places);
    for (let mark = this.head; mark < this.tail; mark += 1) {
      times[mark % places] = this.timeAt(mark);
      amounts[mark % places] = this.amountAt(mark);
    }
    this.times = times;
    this.amounts = amounts;
  }
}
