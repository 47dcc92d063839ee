/** Microseconds of the machine's monotonic clock: the same in every process, so that their times can be compared. */
export const monotonicUs = (): number => Number(process.hrtime.bigint() / 1000n);
