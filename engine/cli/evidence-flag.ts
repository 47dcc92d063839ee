import { Flags } from '@oclif/core';

/** Of `plan` and `run`. */
export const evidenceFlag = Flags.string({
  description:
    'Evidence that `etl parity --out` has written, where the environment requires it; otherwise the last comparison that was made in this folder.',
  helpValue: 'FILE',
});
