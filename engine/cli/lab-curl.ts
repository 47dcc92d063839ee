import { labText } from '../lab/lab.ts';
import type * as config from '../model/config.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The credential of the lab's account, as arguments of curl or as a query parameter. */
function credential({ auth }: config.Source): {
  readonly flags: readonly string[];
  readonly query: readonly (readonly [string, string])[];
} {
  const header = (name: string, value: string) => ({
    flags: ['-H', quoted(`${name}: ${value}`)],
    query: [],
  });
  switch (auth?.type) {
    case 'api_key': {
      const key = labText(auth.value ?? '');
      return auth.header === undefined
        ? { flags: [], query: [[auth.query ?? '', key]] }
        : header(auth.header, key);
    }
    case 'bearer':
      return header('Authorization', `Bearer ${labText(auth.token ?? '')}`);
    case 'basic':
      return {
        flags: ['-u', quoted(`${labText(auth.username ?? '')}:${labText(auth.password ?? '')}`)],
        query: [],
      };
    default:
      return { flags: [], query: [] };
  }
}

/** A line for the shell that asks the lab for the first page of the source's first stream. `url` stands for `baseUrl`. */
export function labCurl(source: config.Source, url: string): string {
  const { flags, query } = credential(source);
  const request = Object.values(source.streams)[0]?.request;
  const parameters = [
    ...Object.entries(request?.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    ...query,
  ].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const target = [`${url}${request?.path ?? ''}`, ...(parameters.length > 0 ? [parameters.join('&')] : [])];
  return ['curl -i', ...flags, quoted(target.join('?'))].join(' ');
}
