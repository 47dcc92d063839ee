import type { BodyFacts, BodyOrigin } from '../../../model/body-plan.ts';

/** Records as they were found in a body. */
export interface Found {
  readonly records: readonly unknown[];
}

/** Where a body comes from, for records and for messages. */
export interface Source {
  /** `source.stream`. */
  readonly stream: string;
  readonly origin: BodyOrigin | undefined;
  /** Whether nothing but the end of the connection tells that the body is whole. */
  readonly unproven: boolean;
  /** How it says that it is encoded. */
  readonly charset: string | undefined;
  /** `source.stream` with the file and the line, as far as they are known. `line` is that of the body, from 1. */
  place(line?: number): string;
  /** A record with the place where it stands in its file. */
  located(record: object, line: number): object;
}

export function sourceOf(stream: string, { origin, charset }: BodyFacts, unproven: boolean): Source {
  const first = origin?.line ?? 1;
  return {
    stream,
    origin,
    unproven,
    charset,
    place: (line) => {
      const at = line === undefined ? undefined : first + line - 1;
      if (origin === undefined) return at === undefined ? stream : `${stream}, line ${at}`;
      return `${stream}: ${origin.file}${at === undefined ? '' : `:${at}`}`;
    },
    located: (record, line) => (origin === undefined ? record : marked(record, origin, first + line - 1)),
  };
}

const marked = (record: object, { file, modified }: BodyOrigin, line: number): object => ({
  ...record,
  _file: file,
  _line: line,
  ...(modified !== undefined && { _modified: modified }),
});
