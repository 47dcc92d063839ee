import type { BlockedRow } from '../../model/batch.ts';
import type { BlockerEvent, BlockerStatus, Problem } from '../../model/blocker.ts';
import { identityOf } from './blocker-identity.ts';
import type { Handle } from './handle.ts';
import { visible } from './staged-table.ts';

/** Where a row was seen that does not fit. */
export interface Seen {
  readonly page: number;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
  /** The run that has seen it. */
  readonly run: string;
}

interface Known {
  readonly id: number;
  readonly status: BlockerStatus;
  readonly value: string;
}

/** What of a problem its Blocker keeps. */
interface Content extends Omit<Problem, 'stream'> {
  /** Without its source. */
  readonly stream: string;
  readonly record: string;
  readonly index: number | null;
  readonly page: number | null;
  readonly ordinal: number | null;
}

/** Rows that one statement writes. */
const rowsPerStatement = 100;

/** `(?, ?), (?, ?)`: so many tuples of so many parameters. */
const tuples = (count: number, width: number): string =>
  Array<string>(count)
    .fill(`(${Array<string>(width).fill('?').join(', ')})`)
    .join(', ');

/** Writes Blockers and their audit trail on the connection of one transaction. */
export class BlockerLedger {
  readonly #handle: Handle;
  readonly #now: string;

  constructor(handle: Handle, now: string) {
    this.#handle = handle;
    this.#now = now;
  }

  /**
   * Opens the Blockers of rows that do not fit, or updates those that are open for them. Gives their ids. A statement does
   * many rows: where all of a page are blocked, it costs little more than staging them.
   */
  async rows(seen: Seen, rows: readonly BlockedRow[]): Promise<readonly number[]> {
    const ids: number[] = [];
    for (let at = 0; at < rows.length; at += rowsPerStatement)
      ids.push(...(await this.#someRows(seen, rows.slice(at, at + rowsPerStatement))));
    return ids;
  }

  /** Opens the Blocker of what has stopped a step, or updates the one that is open for it. */
  async problem({ stream, ...problem }: Problem, run: string): Promise<void> {
    const none = { record: '', index: null, page: null, ordinal: null };
    const name = stream.slice(problem.source.length + 1);
    await this.#open([{ ...problem, ...none, stream: name, reason: visible(problem.reason) }], run);
  }

  /** Notes in the audit trail. */
  async note(blocker: number, event: BlockerEvent['event'], actor: string, detail = ''): Promise<void> {
    await this.#handle.run(
      'INSERT INTO blocker_events (blocker, at, event, actor, detail) VALUES (?, ?, ?, ?, ?)',
      blocker,
      this.#now,
      event,
      actor,
      detail,
    );
  }

  async setStatus(blocker: number, status: BlockerStatus): Promise<void> {
    await this.#handle.run(
      'UPDATE blockers SET status = ?, updated_at = ? WHERE id = ?',
      status,
      this.#now,
      blocker,
    );
  }

  /**
   * The page was mapped again, and only the Blockers `still` are left of those seen on it. The others fit there now: one
   * that is seen on no other page is retried, and any other holds from the next page that it is seen on. Whether there are such.
   */
  async mappedAgain(
    mapping: string,
    page: number,
    still: ReadonlySet<number>,
    run: string,
  ): Promise<boolean> {
    const before = await this.#handle.select<{ id: number }>(
      'SELECT DISTINCT b.id FROM blockers AS b JOIN blocker_pages AS p ON p.blocker = b.id ' +
        "WHERE p.page = ? AND b.mapping = ? AND b.status <> 'resolved' ORDER BY b.id",
      page,
      mapping,
    );
    const fitting = before.filter(({ id }) => !still.has(id));
    for (const { id } of fitting) await this.#fits(id, page, run);
    return fitting.length > 0;
  }

  /** What has been mapped again and is loaded now is done. */
  async loaded(mapping: string, run: string): Promise<void> {
    const rows = await this.#handle.select<{ id: number }>(
      'SELECT b.id FROM blockers AS b JOIN mappings AS m ON m.mapping = b.mapping ' +
        "WHERE b.mapping = ? AND b.kind = 'record' AND b.status = 'retried' AND b.page <= m.loaded_through ORDER BY b.id",
      mapping,
    );
    for (const { id } of rows) await this.#resolve(id, run, 'its row is loaded');
  }

  /** What a step had opened is done, once it has succeeded. */
  async settle(step: string, run: string): Promise<void> {
    const rows = await this.#handle.select<{ id: number }>(
      "SELECT id FROM blockers WHERE step = ? AND status IN ('open', 'retried') ORDER BY id",
      step,
    );
    for (const { id } of rows) await this.#resolve(id, run, `${step} has succeeded`);
  }

  async #resolve(id: number, run: string, detail: string): Promise<void> {
    await this.setStatus(id, 'resolved');
    await this.note(id, 'resolved', `run ${run}`, detail);
  }

  async #fits(id: number, page: number, run: string): Promise<void> {
    await this.#handle.run('DELETE FROM blocker_pages WHERE blocker = ? AND page = ?', id, page);
    const rest = await this.#handle.first<{ page: number; ordinal: number }>(
      'SELECT page, ordinal FROM blocker_pages WHERE blocker = ? ORDER BY page, ordinal LIMIT 1',
      id,
    );
    if (rest !== undefined) {
      const sql = 'UPDATE blockers SET page = ?, ordinal = ? WHERE id = ?';
      await this.#handle.run(sql, rest.page, rest.ordinal, id);
      return;
    }
    await this.setStatus(id, 'retried');
    await this.note(id, 'retried', `run ${run}`, `page ${page} was mapped again, and it fits`);
  }

  async #someRows({ page, run, ...where }: Seen, rows: readonly BlockedRow[]): Promise<readonly number[]> {
    const contents = rows.map((row): Content => {
      const texts = { record: visible(row.record), reason: visible(row.reason), value: visible(row.value) };
      return { ...row, ...where, ...texts, kind: 'record', step: '', page };
    });
    const ids = await this.#open(contents, run);
    const places = ids.flatMap((id, at) => [id, page, contents[at]?.ordinal ?? 0]);
    await this.#handle.run(
      `INSERT INTO blocker_pages (blocker, page, ordinal) VALUES ${tuples(ids.length, 3)} ` +
        'ON CONFLICT (blocker, page, ordinal) DO NOTHING',
      ...places,
    );
    return ids;
  }

  /** Gives the id of each. */
  async #open(contents: readonly Content[], run: string): Promise<readonly number[]> {
    const identities = contents.map(identityOf);
    const known = await this.#known(identities);
    const fresh = new Map<string, Content>();
    for (const [at, content] of contents.entries()) {
      const identity = identities[at] ?? '';
      const before = known.get(identity);
      const first = fresh.get(identity);
      // Somebody has decided on the value as it was; another one is another question.
      const decided = before?.status === 'waived' && before.value !== content.value;
      if (before !== undefined && !decided) await this.#update(before, content, run);
      else
        fresh.set(identity, { ...content, ordinal: first === undefined ? content.ordinal : first.ordinal });
    }
    const made = await this.#insert(fresh, run);
    return identities.map((identity) => made.get(identity) ?? known.get(identity)?.id ?? 0);
  }

  /** The last one of each problem that is not resolved. */
  async #known(identities: readonly string[]): Promise<ReadonlyMap<string, Known>> {
    const rows = await this.#handle.select<Known & { readonly identity: string }>(
      `SELECT id, identity, status, value FROM blockers WHERE identity IN (${identities.map(() => '?').join(', ')}) ` +
        "AND status <> 'resolved' ORDER BY id",
      ...identities,
    );
    return new Map(rows.map((row) => [row.identity, row]));
  }

  async #insert(fresh: ReadonlyMap<string, Content>, run: string): Promise<ReadonlyMap<string, number>> {
    if (fresh.size === 0) return new Map();
    const bound = [...fresh].flatMap(([identity, content]) => {
      const { kind, code, source, account, stream, mapping, page, ordinal, index } = content;
      const { record, property, reason, value, step } = content;
      return [
        ...[identity, kind, code, source, account, stream, mapping, page, ordinal, index],
        ...[record, property, reason, value, step, run, this.#now, this.#now],
      ];
    });
    const made = await this.#handle.select<{ id: number; identity: string }>(
      'INSERT INTO blockers (identity, kind, code, source, account, stream, mapping, page, ordinal, idx, ' +
        'record, property, reason, value, step, run, created_at, updated_at) ' +
        `VALUES ${tuples(fresh.size, 18)} RETURNING id, identity`,
      ...bound,
    );
    await this.#handle.run(
      `INSERT INTO blocker_events (blocker, at, event, actor) VALUES ${tuples(made.length, 4)}`,
      ...made.flatMap(({ id }) => [id, this.#now, 'opened', `run ${run}`]),
    );
    return new Map(made.map(({ id, identity }) => [identity, id]));
  }

  /**
   * A page that is mapped again shows the same run nothing new; another run does. One that is opened again holds from
   * where it was seen now: what came before fits.
   */
  async #update({ id, status }: Known, content: Content, run: string): Promise<void> {
    const { page, ordinal, reason, value, step } = content;
    await this.#handle.run(
      'UPDATE blockers SET seen = CASE WHEN run = ? THEN seen ELSE seen + 1 END, reason = ?, value = ?, run = ?, step = ?, ' +
        "ordinal = CASE WHEN page <= ? AND status <> 'retried' THEN ordinal ELSE ? END, " +
        "page = CASE WHEN page <= ? AND status <> 'retried' THEN page ELSE ? END, " +
        "status = CASE WHEN status = 'retried' THEN 'open' ELSE status END, updated_at = ? WHERE id = ?",
      ...[run, reason, value, run, step, page, ordinal, page, page, this.#now, id],
    );
    if (status === 'retried') await this.note(id, 'reopened', `run ${run}`, reason);
  }
}
