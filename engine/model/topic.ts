/** A page of the documentation about one thing. */
export interface Topic {
  readonly kind: 'page' | 'command' | 'key' | 'code';
  /** What it is asked for by: `guide.md`, `state show`, `Environment.staging.dialect`, `ETL0103`. */
  readonly name: string;
  readonly title: string;
  /** What it is, in one line. */
  readonly summary: string;
  /** Without its title. Links to other topics are `key:NAME`, `code:NAME`, `command:NAME` or `NAME.md`. */
  readonly markdown: string;
}
