import type { HttpClient } from '../model/ports.ts';

/** Answers requests by the scheme of their URL, such as `file:`; all others are sent. */
export function routedHttpClient(
  http: HttpClient,
  routes: { readonly [scheme: string]: Pick<HttpClient, 'send' | 'close'> },
): HttpClient {
  return {
    send: (request, options, signal) =>
      (routes[new URL(request.url).protocol] ?? http).send(request, options, signal),
    close: async () => {
      await Promise.all([http, ...new Set(Object.values(routes))].map((client) => client.close()));
    },
  };
}
