/** What a response's status says: see docs/guide, "Errors of an API". */
export type ResponseClass = 'ok' | 'redirect' | 'throttle' | 'auth' | 'forbidden' | 'overload' | 'client';

const overloaded = new Set([408, 425, 500, 502, 503, 504]);

/** The class of a status. A 403 is never retried: it can be a ban, and asking again makes it longer. */
export function classify(status: number): ResponseClass {
  if (status >= 200 && status < 300) return 'ok';
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 429) return 'throttle';
  if (status === 401) return 'auth';
  if (status === 403) return 'forbidden';
  return overloaded.has(status) ? 'overload' : 'client';
}
