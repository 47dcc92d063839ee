import { DuckDBInstance } from '@duckdb/node-api';
import { complaint, type ExplainedError, TerminalError, TransientError } from '../../model/errors.ts';
import { systemClock } from '../clock.ts';
import { messageOf } from '../warehouse/session.ts';

const openWaitMaxMs = 5000;
const openPollMs = 100;

/** Another process has the file open only while it loads or looks: it is waited for, within a bound. */
export async function opened(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  const startUs = systemClock.monotonicUs();
  for (;;) {
    try {
      return await DuckDBInstance.create(path, options);
    } catch (error) {
      const failure = openFailure(path, error);
      const waitedMs = (systemClock.monotonicUs() - startUs) / 1000;
      if (failure instanceof TerminalError || waitedMs >= openWaitMaxMs) throw failure;
      await systemClock.sleep(openPollMs);
    }
  }
}

function openFailure(path: string, error: unknown): ExplainedError {
  const message = messageOf(error);
  if (/lock/i.test(message)) {
    const advice =
      'Close the program that has it open (a DuckDB shell, a notebook, another run), and run again.';
    return new TransientError(
      complaint('ETL0703', `the warehouse ${path} is open in another process`, advice),
      error,
    );
  }
  return new TerminalError(
    complaint(
      'ETL0704',
      `the warehouse ${path} cannot be opened: ${message}`,
      'It may be no DuckDB database, made by a newer version, or not yours to write. Name another file in `warehouse.path`, or move this one away.',
    ),
    error,
  );
}
