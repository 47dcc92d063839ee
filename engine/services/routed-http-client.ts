import type { ApiRequest } from '../model/batch.ts';
import type { HttpClient } from '../model/ports.ts';

/**
 * Answers requests by the scheme of their URL, such as `file:`, and those that want a part of a file at a URL; all others
 * are sent.
 */
export function routedHttpClient(
  http: HttpClient,
  routes: { readonly [scheme: string]: HttpClient },
  files: HttpClient = http,
): HttpClient {
  const routeOf = (request: ApiRequest): HttpClient =>
    routes[new URL(request.url).protocol] ?? (request.asks === 'file' ? files : http);
  return {
    send: (request, options, signal) => routeOf(request).send(request, options, signal),
    holds: (request) => routeOf(request).holds?.(request) ?? false,
    close: async () => {
      await Promise.all(
        [...new Set([http, files, ...Object.values(routes)])].map((client) => client.close()),
      );
    },
  };
}
