import { Errors } from '@oclif/core';

/** The URL of a lab that runs, as a flag gives it. @throws CLIError (exit 64) for anything but an http:// or https:// URL */
export function labUrl(flag: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new Errors.CLIError(
    `${flag} takes the URL that \`etl lab\` prints, such as http://127.0.0.1:8080, not \`${text}\``,
  );
}
