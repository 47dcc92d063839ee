import pg from 'pg';

/** A schema of its own in the PostgreSQL of DATABASE_URL, for one run. */
export class PostgresSchema {
  readonly #url: string;
  readonly #name: string;

  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  async drop(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    try {
      await client.query(`DROP SCHEMA IF EXISTS "${this.#name}" CASCADE`);
    } finally {
      await client.end();
    }
  }
}
