/** Values beyond this are blocked while mapping. */
export interface ValueLimits {
  readonly json?: {
    /** Whether texts may have U+0000. */
    readonly nul: boolean;
    /** Most digits of a number before and behind its point. */
    readonly digitsBefore: number;
    readonly digitsBehind: number;
  };
  /** Bytes of all values of the key together. */
  readonly keyBytesMax?: number;
}
