import type * as config from '../../model/config.ts';
import type { ConnectorCheck, ExampleReply } from '../../model/connector-check.ts';
import type { ConnectorConfig } from '../../model/connector-config.ts';

/** What is looked at besides `connector.yml`. */
export interface ConnectorPapers {
  /** Whether it has a README.md. */
  readonly readme: boolean;
  /** Streams that have example records. */
  readonly examples: readonly string[];
  /** The day, as `2026-11-26`. */
  readonly today: string;
}

type Streams = readonly (readonly [name: string, stream: config.Stream])[];

const missing = (text: string | undefined, what: string): readonly string[] =>
  text === undefined || text.trim() === '' ? [what] : [];

/** What a person is told who is to use the connector. */
export function descriptionCheck(
  { title, description, docs, checked, vars = {}, streams = {} }: ConnectorConfig,
  { readme, examples, today }: ConnectorPapers,
): ConnectorCheck {
  const names = Object.keys(streams);
  return {
    name: 'description',
    findings: [
      ...missing(title, 'it has no `title`'),
      ...missing(description, 'it has no `description`'),
      ...missing(docs, 'it does not say where the API is documented: `docs`'),
      ...(readme ? [] : ['it has no README.md']),
      ...(checked !== undefined && checked > today ? [`\`checked\` is a day to come: ${checked}`] : []),
      ...Object.entries(vars).flatMap(([name, one]) =>
        one.default === undefined && one.example === undefined
          ? [`the variable ${name} has neither a default nor an example, which the lab would take`]
          : [],
      ),
      ...names
        .filter((name) => !examples.includes(name))
        .map((name) => `${name} has no examples: examples/${name}.ndjson`),
      ...examples
        .filter((name) => !names.includes(name))
        .map((name) => `examples/${name}.ndjson is for no stream`),
    ],
  };
}

/** What is to be known of each stream before somebody relies on it. */
export const streamsCheck = ({ streams = {} }: ConnectorConfig): ConnectorCheck => ({
  name: 'streams',
  findings: (Object.entries(streams) as Streams).flatMap(([name, stream]) =>
    streamFindings(stream).map((finding) => `${name}: ${finding}`),
  ),
});

function streamFindings(stream: config.Stream): readonly string[] {
  const { description, cursor, cursorless, paginate } = stream;
  const asksForSize = paginate !== undefined && paginate.size !== undefined;
  return [
    ...missing(description, 'no `description`'),
    ...(cursor === undefined && cursorless === undefined && stream.parent === undefined
      ? ['neither a `cursor` nor, in `cursorless`, a reason why there is none']
      : []),
    ...(cursor !== undefined && cursorless !== undefined ? ['`cursorless`, and a cursor'] : []),
    ...(asksForSize && paginate.sizeMax === undefined
      ? ['a page size, and no `sizeMax`: how many does the API give at most?']
      : []),
  ];
}

/** Limits are declared, and when somebody last looked at them. */
export function limitsCheck({ budget, checked }: ConnectorConfig): ConnectorCheck {
  const limits = budget?.limits ?? [];
  return {
    name: 'limits',
    findings: [
      ...(limits.length === 0 ? ['no limit is declared: `budget.limits`'] : []),
      ...missing(checked, 'it does not say when its limits were last looked up: `checked`'),
    ],
  };
}

const neededClasses = ['throttle', 'auth', 'forbidden'] as const;

/** Every reply is taken for what it is. `classify` is the engine's. */
export function repliesCheck(
  replies: readonly ExampleReply[] | string,
  classify: (reply: ExampleReply) => { readonly class: string; readonly limit?: string | undefined },
): ConnectorCheck {
  if (typeof replies === 'string') return { name: 'replies', findings: [replies] };
  const wrong = replies.flatMap((reply) => {
    const found = classify(reply);
    const isRight = found.class === reply.class && (reply.limit === undefined || found.limit === reply.limit);
    if (isRight) return [];
    const of = (one: { readonly class: string; readonly limit?: string | undefined }): string =>
      one.limit === undefined ? one.class : `${one.class} of ${one.limit}`;
    return [`${reply.name}: expected ${of(reply)}, taken for ${of(found)}`];
  });
  const lacking = neededClasses
    .filter((one) => !replies.some((reply) => reply.class === one))
    .map((one) => `examples/replies.yml has no reply of the class ${one}`);
  return { name: 'replies', findings: [...wrong, ...lacking] };
}
