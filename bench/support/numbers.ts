/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? Number.NaN) + (sorted[Math.ceil(at)] ?? Number.NaN)) / 2;
}

export const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));

/** Bytes in megabytes of 1,000,000. */
export const megabytes = (bytes: number): number => rounded(bytes / 1e6, 1);
