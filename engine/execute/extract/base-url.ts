import { complaint, TerminalError } from '../../model/errors.ts';
import type { SourcePlan } from '../../model/plan.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The base URL once its references are filled in. Credentials go over TLS, except on this machine. */
export function checkedBaseUrl(source: SourcePlan, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && loopback.test(parsed.hostname)))
    return url;
  throw new TerminalError(
    complaint(
      'ETL0417',
      `the \`baseUrl\` of ${source.name} cannot be used: ${url.slice(0, 200)}`,
      'Expected an https:// URL (http:// only for this machine).',
      `In the project it is ${source.baseUrl}.`,
    ),
  );
}
