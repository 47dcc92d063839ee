/** Told how a run goes; prints to stderr. */
export interface Progress {
  update(event: ProgressEvent): void;
}

export type ProgressEvent =
  | {
      readonly kind: 'step';
      readonly step: string;
      readonly state: 'started' | 'succeeded' | 'failed' | 'skipped' | 'interrupted';
    }
  | {
      readonly kind: 'stream';
      readonly stream: string;
      readonly pages: number;
      readonly received: number;
      readonly waitingMs: number;
      readonly boundBy?: string;
    }
  /** Another run holds a lock that this one waits for. */
  | { readonly kind: 'lock'; readonly holder: string; readonly waitedMs: number };
