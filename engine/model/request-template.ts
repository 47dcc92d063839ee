/** A value as JSON has it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A request with placeholders such as `{cursor.from}`. */
export interface RequestTemplate {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: { readonly [parameter: string]: string };
  readonly headers: { readonly [header: string]: string };
  readonly body?: JsonValue;
}

/** Braces around anything else are text, as in GraphQL. */
const placeholder = /\{((?:cursor|page|partition|parent|job|fields)\.[^{}\s]+|account|fields)\}/;

/** Texts and names of placeholders in turn: text, name, text, … */
export const templateParts = (text: string): readonly string[] => text.split(new RegExp(placeholder, 'g'));

/** The name of the placeholder that a text consists of. */
export const wholePlaceholder = (text: string): string | undefined =>
  new RegExp(`^${placeholder.source}$`).exec(text)?.[1];

const namesIn = (text: string): readonly string[] => templateParts(text).filter((_, at) => at % 2 === 1);

/** All texts of a value, at any depth. */
export function textsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value === undefined || value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap((one: JsonValue) => textsIn(one));
}

/** Texts of a request that may hold placeholders. */
const requestTexts = ({ path, query, headers, body }: RequestTemplate): readonly string[] => [
  path,
  ...Object.values(query),
  ...Object.values(headers),
  ...textsIn(body),
];

/** Names of all placeholders of a request, each once. */
export const placeholdersOf = (request: RequestTemplate): readonly string[] => [
  ...new Set(requestTexts(request).flatMap(namesIn)),
];

/** Names of placeholders that stand within a longer text, and so must have a value. */
export const embeddedPlaceholders = (request: RequestTemplate): readonly string[] => [
  ...new Set(
    requestTexts(request).flatMap((text) => (wholePlaceholder(text) === undefined ? namesIn(text) : [])),
  ),
];

/** For people: where a request carries a placeholder. */
export function carrierOf(request: RequestTemplate, name: string): string {
  const holds = (text: string): boolean => namesIn(text).includes(name);
  const parameters = Object.entries(request.query).flatMap(([parameter, text]) =>
    holds(text) ? [`the parameter \`${parameter}\``] : [],
  );
  const others = [
    ...(holds(request.path) ? ['a part of the path'] : []),
    ...(textsIn(request.body).some(holds) ? ['what the body says'] : []),
  ];
  return [...parameters, ...others].join(' and ') || `\`{${name}}\``;
}

/** Below which key the names are wanted that `{fields.KEY}` stands for; empty for `{fields}`. */
export const fieldsBelow = (placeholder: string): string | undefined =>
  placeholder === 'fields' ? '' : /^fields\.(.*)$/s.exec(placeholder)?.[1];

/** A value with its texts changed, and each element of a list made to any number of others. */
export function mapTexts(
  value: JsonValue,
  change: (text: string) => string,
  elements: (element: JsonValue) => readonly JsonValue[],
): JsonValue {
  if (typeof value === 'string') return change(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.flatMap((one: JsonValue) => elements(one));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, mapTexts(one as JsonValue, change, elements)]),
  );
}
