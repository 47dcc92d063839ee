/** What the lab answers to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: { readonly [header: string]: string };
  readonly body: Buffer;
  /** How many records the body holds. */
  readonly records: number;
}

/** A request that the lab turns down, with what a provider would say. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly headers: { readonly [header: string]: string };

  constructor(status: number, code: string, message: string, headers: Answer['headers'] = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A 400 that says what is wrong with the request. */
export const badRequest = (message: string): Refusal => new Refusal(400, 'bad_request', message);

/** An answer without records. A text is sent as it is, anything else as JSON. */
export const jsonAnswer = (status: number, body: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: typeof body === 'string' ? { 'Content-Type': 'text/plain; charset=utf-8', ...headers } : headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  records: 0,
});

/** The JSON error that a client gets. */
export const refusalAnswer = ({ status, code, message, headers }: Refusal): Answer =>
  jsonAnswer(status, { error: { code, message } }, headers);
