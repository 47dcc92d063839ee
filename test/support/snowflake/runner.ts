import { randomUUID } from 'node:crypto';
import { type Answer, described } from './answer.ts';
import { type Bindings, bound } from './binds.ts';
import { execute } from './execute.ts';
import { parsed } from './parse-statement.ts';
import type { Session } from './session.ts';
import { fromDuckDb, SqlError } from './sql-error.ts';
import type { Uploads } from './uploads.ts';
import { Job, type World } from './world.ts';

export interface QueryRequest {
  readonly sqlText: string;
  readonly bindings?: Bindings;
  readonly bindStage?: string;
  readonly parameters?: { readonly [name: string]: string | number | boolean };
  readonly asyncExec?: boolean;
  readonly describeOnly?: boolean;
}

/** A statement that was sent. */
export interface Logged {
  readonly session: number;
  readonly sql: string;
  readonly binds: Bindings;
  readonly queryTag: string;
  readonly requestId: string;
  readonly queryId: string;
  /** How often it was sent, and how often it was really run: once at most. */
  sent: number;
  executed: number;
  /** The code of the error that it ended with, or `ok`; undefined while it runs. */
  outcome: string | undefined;
}

/** One statement's way, however often it is asked for. */
export interface Execution {
  readonly logged: Logged;
  readonly session: Session;
  readonly body: Promise<object>;
  abort(error: SqlError): void;
}

export const cancelled = (): SqlError => new SqlError('000604', '57014', 'SQL execution canceled');

const timedOut = (seconds: number): SqlError =>
  new SqlError(
    '000630',
    '57014',
    `Statement reached its statement or warehouse timeout of ${seconds} second(s) and was canceled.`,
  );

/** Runs statements: each request once. */
export class Runner {
  readonly log: Logged[] = [];
  readonly #world: World;
  readonly #uploads: Uploads;
  readonly #byRequest = new Map<string, Execution>();
  readonly #byQuery = new Map<string, Execution>();

  constructor(world: World, uploads: Uploads) {
    this.#world = world;
    this.#uploads = uploads;
  }

  byRequest(requestId: string): Execution | undefined {
    return this.#byRequest.get(requestId);
  }

  byQuery(queryId: string): Execution | undefined {
    return this.#byQuery.get(queryId);
  }

  /** `instead` takes the place of what the statement would do. */
  start(
    session: Session,
    requestId: string,
    request: QueryRequest,
    instead?: () => Promise<never>,
  ): Execution {
    const queryId = randomUUID();
    const logged: Logged = {
      session: session.id,
      sql: request.sqlText,
      binds: request.bindings ?? {},
      queryTag: String(request.parameters?.['QUERY_TAG'] ?? session.parameters.get('QUERY_TAG') ?? ''),
      requestId,
      queryId,
      sent: 0,
      executed: 0,
      outcome: undefined,
    };
    this.log.push(logged);
    let abort: (error: SqlError) => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = (error) => {
        if (logged.outcome !== undefined) return;
        if (logged.executed > 0) session.connection.interrupt();
        reject(error);
      };
    });
    aborted.catch(() => undefined);
    const work = this.#work(session, request, logged, instead && (() => Promise.race([instead(), aborted])));
    const body = Promise.race([
      work,
      aborted,
      this.#timeout(session, request, logged, (error) => abort(error)),
    ]).then(
      (answer) => succeeded(session, logged, answer),
      (error) => failed(logged, fromDuckDb(error)),
    );
    work.catch(() => undefined);
    const execution: Execution = { logged, session, body, abort };
    this.#byRequest.set(requestId, execution);
    this.#byQuery.set(queryId, execution);
    return execution;
  }

  #work(
    session: Session,
    request: QueryRequest,
    logged: Logged,
    instead?: () => Promise<never>,
  ): Promise<Answer> {
    return session.inTurn(async () => {
      if (logged.outcome !== undefined) throw cancelled();
      if (instead !== undefined) return instead();
      logged.executed += 1;
      if (request.bindStage !== undefined)
        throw new SqlError(
          '001003',
          '42000',
          'SQL compilation error: the stand-in takes no binds from a stage',
        );
      const { statement, binds } = bound(parsed(request.sqlText), request.bindings);
      return execute(new Job(this.#world, session, binds, logged.queryId), statement, this.#uploads);
    });
  }

  /** Never resolves but by ending the statement. */
  #timeout(
    session: Session,
    { parameters }: QueryRequest,
    logged: Logged,
    abort: (error: SqlError) => void,
  ): Promise<never> {
    const asked =
      parameters?.['STATEMENT_TIMEOUT_IN_SECONDS'] ?? session.parameters.get('STATEMENT_TIMEOUT_IN_SECONDS');
    const seconds = Number(asked);
    if (seconds > 0 && seconds < 86_400) {
      const timer = setTimeout(
        () => logged.outcome === undefined && abort(timedOut(seconds)),
        seconds * 1000,
      );
      timer.unref();
    }
    return new Promise<never>(() => undefined);
  }
}

/** What the client reads values and further parameters from. */
export const parametersOf = (session: Session): object[] =>
  [...session.parameters].map(([name, value]) => ({ name, value }));

function succeeded(session: Session, logged: Logged, answer: Answer): object {
  logged.outcome = 'ok';
  const { columns, rows, statementType, upload } = answer;
  const message = { success: true, code: null, message: null };
  if (upload !== undefined) return { ...message, data: { ...upload, parameters: parametersOf(session) } };
  const data = {
    parameters: parametersOf(session),
    rowtype: columns.map(described),
    rowset: rows,
    total: rows.length,
    returned: rows.length,
    queryId: logged.queryId,
    queryResultFormat: 'json',
    statementTypeId: statementType,
    version: 1,
    finalDatabaseName: session.database ?? null,
    finalSchemaName: session.schema ?? null,
    finalWarehouseName: session.warehouse ?? null,
    finalRoleName: session.role,
  };
  return { ...message, data };
}

function failed(logged: Logged, error: SqlError): object {
  logged.outcome = error.code;
  const { code, sqlState, message } = error;
  const data = {
    errorCode: code,
    sqlState,
    queryId: logged.queryId,
    internalError: false,
    line: -1,
    pos: -1,
    type: 'COMPILATION',
  };
  return { success: false, code, message, data };
}
