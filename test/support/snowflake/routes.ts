import type { Refusal } from './accounts.ts';
import type { Fault, Faults } from './faults.ts';
import type { Reply, Request } from './http.ts';
import { cancelled, type Execution, parametersOf, type QueryRequest, type Runner } from './runner.ts';
import type { Session } from './session.ts';
import { isRefusal, type LoginRequest, type Sessions } from './sessions.ts';
import { SqlError } from './sql-error.ts';
import type { Uploads } from './uploads.ts';

/** A client is told to ask again after this time. */
const patienceMs = 20_000;
const pollMs = 200;

interface Parts {
  readonly sessions: Sessions;
  readonly runner: Runner;
  readonly faults: Faults;
  readonly uploads: Uploads;
}

/** The wire: what is asked where, and what is answered. */
export class Routes {
  readonly #parts: Parts;
  /** Statements whose answers are held back, with the time from which on they are given. */
  readonly #slow = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async answer(request: Request): Promise<Reply> {
    const { path } = request;
    if (path === '/session/v1/login-request') return this.#login(request);
    if (path === '/telemetry/send') return ok({});
    if (path === '/session/token-request') return this.#renew(request);
    if (path.startsWith('/bucket/')) return this.#upload(request);
    const session = this.#parts.sessions.of(request.token);
    if (isRefusal(session)) return refused(session);
    return this.#inSession(request, session);
  }

  async #inSession(request: Request, session: Session): Promise<Reply> {
    const { path, query } = request;
    switch (path) {
      case '/queries/v1/query-request':
        return this.#query(request, session);
      case '/queries/v1/abort-request':
        return this.#abort(this.#parts.runner.byRequest(textIn(request, 'requestId')));
      case '/session/heartbeat':
        return ok(null);
      case '/session':
        if (query.get('delete') === 'true') await this.#parts.sessions.close(session);
        return ok(null);
      default:
        return this.#ofQuery(path);
    }
  }

  /** What is asked about a statement by its id. */
  async #ofQuery(path: string): Promise<Reply> {
    const [, id = '', what = ''] = /^\/(?:monitoring\/)?queries\/([^/]+)\/?(.*)$/.exec(path) ?? [];
    const execution = this.#parts.runner.byQuery(id);
    if (execution === undefined) return { status: 404, json: failure('390101', `there is no ${path}`) };
    if (what === 'abort-request') return this.#abort(execution);
    if (what === 'result') return this.#result(execution, pollMs);
    const { outcome = 'running', queryId } = execution.logged;
    const status = { running: 'RUNNING', ok: 'SUCCESS' }[outcome] ?? 'FAILED_WITH_ERROR';
    return ok({ queries: [{ id: queryId, status, errorCode: outcome === 'ok' ? null : outcome }] });
  }

  async #login({ body, query }: Request): Promise<Reply> {
    const name = (field: string): string | undefined => {
      const value = query.get(field);
      if (value === null || value === '') return undefined;
      return value.startsWith('"') ? value.slice(1, -1) : value.toUpperCase();
    };
    const wanted = {
      role: name('roleName'),
      warehouse: name('warehouse'),
      database: name('databaseName'),
      schema: name('schemaName'),
    };
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const login = await this.#parts.sessions.login(json<{ data: LoginRequest }>(body).data, given);
    if (isRefusal(login)) return { json: { success: false, ...login, data: {} } };
    const { session, token, masterToken } = login;
    return ok({
      token,
      masterToken,
      validityInSeconds: 3600,
      masterValidityInSeconds: 14_400,
      sessionId: session.id,
      displayUserName: session.user,
      parameters: parametersOf(session),
      sessionInfo: sessionInfo(session),
    });
  }

  #renew({ token, body }: Request): Reply {
    const { oldSessionToken } = json<{ oldSessionToken: string }>(body);
    const renewed = this.#parts.sessions.renew(oldSessionToken, token);
    if (isRefusal(renewed)) return refused(renewed);
    return ok({
      sessionToken: renewed.token,
      validityInSecondsST: 3600,
      masterToken: renewed.masterToken,
      validityInSecondsMT: 14_400,
      sessionId: renewed.session.id,
    });
  }

  async #upload({ path, headers, body, method }: Request): Promise<Reply> {
    if (this.#parts.faults.refusesUpload()) return { status: 503, json: {} };
    if (method !== 'PUT') return { status: 404, json: {} };
    const why = await this.#parts.uploads.take(path, headers, body);
    return why === undefined ? { json: {} } : { status: 403, json: { error: why } };
  }

  async #query(request: Request, session: Session): Promise<Reply> {
    const { runner, faults } = this.#parts;
    const requestId = request.query.get('requestId') ?? '';
    const asked = json<QueryRequest>(request.body);
    const fault = faults.next(asked.sqlText);
    const early = await this.#before(fault, session);
    if (early !== undefined) return early;
    const execution = runner.byRequest(requestId) ?? runner.start(session, requestId, asked, instead(fault));
    execution.logged.sent += 1;
    if (fault?.kind === 'drop after') {
      await execution.body;
      return 'drop';
    }
    if (fault?.kind === 'slow') this.#slow.set(execution.logged.queryId, Date.now() + (fault.forMs ?? 100));
    if (asked.asyncExec === true) return later(execution, '333334');
    return this.#result(execution, patienceMs);
  }

  /** Faults that come before anything is done. */
  async #before(fault: Fault | undefined, session: Session): Promise<Reply | undefined> {
    const { sessions } = this.#parts;
    switch (fault?.kind) {
      case '503':
        return { status: 503, json: {} };
      case 'drop before':
        return 'drop';
      case '390112':
        sessions.expire(session);
        return refused({ code: '390112', message: 'Your session has expired. Please login again.' });
      case '390114':
        await sessions.close(session);
        return refused({
          code: '390114',
          message: 'Authentication token has expired. The user must authenticate again.',
        });
      case '390104':
        await sessions.close(session);
        return refused({
          code: '390104',
          message: 'Session no longer exists. New login required to access the service.',
        });
      default:
        return undefined;
    }
  }

  /** The answer if there is one within some time; otherwise where to ask for it. */
  async #result(execution: Execution, waitMs: number): Promise<Reply> {
    const { queryId } = execution.logged;
    const from = this.#slow.get(queryId) ?? 0;
    if (from > Date.now()) {
      if (waitMs === pollMs) await pause(Math.min(pollMs, from - Date.now()));
      if (from > Date.now() || waitMs !== pollMs) return later(execution, '333333');
    }
    const body = await Promise.race([execution.body, pause(waitMs)]);
    return body === undefined ? later(execution, '333333') : { json: body };
  }

  async #abort(execution: Execution | undefined): Promise<Reply> {
    if (execution === undefined)
      return { json: failure('000605', 'Identified SQL statement is not currently executing.') };
    execution.abort(cancelled());
    await execution.body;
    return ok(null);
  }
}

/** What a fault puts in the place of the statement. */
function instead(fault: Fault | undefined): (() => Promise<never>) | undefined {
  switch (fault?.kind) {
    case 'hang':
      return () => new Promise<never>(() => undefined);
    case 'timeout':
      return async () => {
        throw new SqlError(
          '000630',
          '57014',
          'Statement reached its statement or warehouse timeout of 1 second(s) and was canceled.',
        );
      };
    case 'error':
      return async () => {
        throw new SqlError(
          fault.code ?? '000603',
          fault.sqlState ?? 'XX000',
          fault.message ?? 'an error that was asked for',
        );
      };
    default:
      return undefined;
  }
}

const pause = (forMs: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(resolve, forMs, undefined).unref());

const ok = (data: object | null): Reply => ({ json: { success: true, code: null, message: null, data } });

const failure = (code: string, message: string): object => ({
  success: false,
  code,
  message,
  data: { errorCode: code, sqlState: '08001' },
});

/** A session that is gone is answered with 401, one that can be renewed is not. */
const refused = ({ code, message }: Refusal): Reply => ({
  ...(code === '390104' && { status: 401 }),
  json: { success: false, code, message, data: { errorCode: code, sqlState: '08001' } },
});

const later = ({ logged: { queryId } }: Execution, code: string): Reply => ({
  json: {
    success: true,
    code,
    message: 'Query execution in progress.',
    data: {
      queryId,
      getResultUrl: `/queries/${queryId}/result`,
      queryAbortsAfterSecs: 300,
      progressDesc: null,
    },
  },
});

const sessionInfo = ({ database, schema, warehouse, role }: Session): object => ({
  databaseName: database ?? null,
  schemaName: schema ?? null,
  warehouseName: warehouse ?? null,
  roleName: role,
});

const json = <T>(body: Buffer): T => JSON.parse(body.toString() || '{}') as T;

const textIn = ({ body }: Request, field: string): string =>
  json<{ [field: string]: string }>(body)[field] ?? '';
