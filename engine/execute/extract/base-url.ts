import { accountSource } from '../../model/accounts.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import type { SourcePlan } from '../../model/plan.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether credentials may go to a URL: over TLS, or to this machine. */
export function isSafe(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && loopback.test(parsed.hostname));
}

const schemes: { readonly [connector in SourcePlan['connector']]?: readonly string[] } = {
  files: ['file:'],
  postgres: ['postgres:', 'postgresql:'],
  mysql: ['mysql:', 'mariadb:'],
};

/** Whether it is the address of files or of a database: what is safe there is for who reads them to say. */
const isElsewhere = ({ connector }: SourcePlan, url: string): boolean =>
  URL.canParse(url) && schemes[connector]?.includes(new URL(url).protocol) === true;

/** The base URL once its references are filled in. Credentials go over TLS, except on this machine. */
export function checkedBaseUrl(source: SourcePlan, url: string): string {
  if (isSafe(url) || isElsewhere(source, url)) return url;
  throw new TerminalError(
    complaint(
      'ETL0417',
      `the \`baseUrl\` of ${accountSource(source)} cannot be used: ${url.slice(0, 200)}`,
      'Expected an https:// URL (http:// only for this machine).',
      `In the project it is ${source.baseUrl}.`,
    ),
  );
}
