import { Errors } from '@oclif/core';
import { parseDuration } from '../model/units.ts';

/** The text of a duration, as a flag gives it. @throws CLIError (exit 64) for anything else */
export function durationFlag(flag: string, text: string, leastMs = 1): string {
  if (/^\d+(ms|s|m|h|d)$/.test(text) && parseDuration(text) >= leastMs) return text;
  throw new Errors.CLIError(`${flag} takes a duration such as 30s, 10m or 2h, not \`${text}\``);
}
