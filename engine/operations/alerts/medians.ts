/** The middle of some numbers, of which there is at least one. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below = 0, above = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (below + above) / 2;
}

/** The middle of the differences between neighbours, of which there is at least one. */
export const medianStep = (numbers: readonly number[]): number =>
  median(numbers.slice(1).map((number, at) => Math.abs(number - (numbers[at] ?? number))));
