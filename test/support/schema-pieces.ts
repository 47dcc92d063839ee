import { Ajv, type ValidateFunction } from 'ajv';

interface Node {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
}

const hasOwnShape = ({ type, properties }: Node): boolean =>
  type === 'object' || type === 'array' || properties !== undefined;

/** Pointers to every object and list of a schema, however deep. */
function pointers(node: Node, pointer: string): readonly string[] {
  const { properties = {}, items, additionalProperties: others } = node;
  return [
    ...(hasOwnShape(node) ? [pointer] : []),
    ...Object.entries(properties).flatMap(([key, child]) => pointers(child, `${pointer}/properties/${key}`)),
    ...(items === undefined ? [] : pointers(items, `${pointer}/items`)),
    ...(typeof others === 'object' ? pointers(others, `${pointer}/additionalProperties`) : []),
  ];
}

const isFree = (key: string, value: unknown): boolean =>
  (key === 'required' && Array.isArray(value)) || key === 'minProperties';

/** The schema for pieces: what must be there may be left out. */
function relaxed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relaxed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, child]) => !isFree(key, child));
  return Object.fromEntries(entries.map(([key, child]) => [key, relaxed(child)]));
}

/** What `…` stands for in a page is somebody else's to fill in. */
export function withoutEllipses(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== '…').map(withoutEllipses);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, child]) => key !== '…' && child !== '…');
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutEllipses(child)]));
}

/** Whether a value could stand somewhere in a file of a project, by the shape of schema.json. */
export function pieceChecker(schema: {
  readonly definitions: Readonly<Record<string, Node>>;
}): (value: unknown) => boolean {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ ...(relaxed(schema) as object), $id: 'pieces' });
  const validators: readonly ValidateFunction[] = Object.entries(schema.definitions)
    .flatMap(([name, node]) => pointers(node, `#/definitions/${name}`))
    .map((pointer) => ajv.compile({ $ref: `pieces${pointer}` }));
  // A list, or an object, that may hold anything would let everything through.
  const telling = validators.filter(
    (validate) => !validate({ noSuchKey: 1 }) && !validate([{ noSuchKey: 1 }]),
  );
  return (value) => telling.some((validate) => validate(value));
}
