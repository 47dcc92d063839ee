import { complaint, TerminalError } from '../model/errors.ts';

/** What keeps the lab from serving a project, by diagnostic code. */
const labCodes = {
  noData: 'ETL0801',
  unreadableData: 'ETL0802',
  badLine: 'ETL0803',
  badCsv: 'ETL0804',
  badCursor: 'ETL0805',
  badGenerator: 'ETL0806',
  cannotListen: 'ETL0807',
  cannotServe: 'ETL0808',
} as const;

/** A failure of the lab that only a change of the project can mend. */
export const labError = (code: keyof typeof labCodes, summary: string, ...help: string[]): TerminalError =>
  new TerminalError(complaint(labCodes[code], summary, ...help));

/** The message of something caught. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
