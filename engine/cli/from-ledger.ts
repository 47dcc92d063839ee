import { Flags } from '@oclif/core';

/** Of `plan` and `run`. */
export const fromLedgerFlag = Flags.boolean({
  description:
    'Make everything of kept pages: map again what is new or changed, and load. No request is made.',
});
