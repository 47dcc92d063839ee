/** Values of one record, or of one element of it, until a time. */
export interface OverridePlan {
  /** Absent where it is `default`. */
  readonly account?: string;
  readonly record: string;
  readonly index?: number;
  readonly set: { readonly [property: string]: string | number | boolean | null };
  /** Received values that are replaced; another one is let through. */
  readonly was?: { readonly [property: string]: string | number | boolean | null };
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}
