/** What the preload module does; it is given as JSON in `SLUICE_DIE`. Boundaries are named as in the trace. */
export interface DieOptions {
  /** File that gets a line for each boundary that is reached. */
  readonly trace?: string;
  /** Boundary at which the process kills itself. */
  readonly killAt?: string;
  /** Boundary at which it stands still while `waitFile` exists, which it makes. */
  readonly waitAt?: string;
  readonly waitFile?: string;
}
