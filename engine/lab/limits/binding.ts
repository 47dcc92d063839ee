import type * as config from '../../model/config.ts';
import type { Asked } from './asked.ts';

const globPattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

/** Whether a limit binds a request: everything that its `when` says must hold. */
export function bindingOf({ path, method, stream }: config.LimitWhen = {}): (asked: Asked) => boolean {
  const pattern = path === undefined ? undefined : globPattern(path);
  const methods: readonly string[] | undefined = method;
  return (asked) =>
    (pattern === undefined || pattern.test(asked.path)) &&
    (methods === undefined || methods.includes(asked.method)) &&
    (stream === undefined || stream.includes(asked.stream));
}

type Part = (asked: Asked) => string;

function partOf(name: string): Part | undefined {
  const { 1: where, 2: key = '' } = /^(query|header)\.(.+)$/.exec(name) ?? [];
  if (where === 'query') return ({ query }) => query.get(key) ?? '';
  if (where === 'header') return ({ headers }) => headers[key.toLowerCase()]?.toString() ?? '';
  if (name === 'stream' || name === 'method' || name === 'path') return (asked) => asked[name];
  return undefined;
}

function templateOf(template: string): Part {
  const texts = template.split(/(\{[^{}]*\})/);
  const parts = texts.map((text): Part => partOf(/^\{(.*)\}$/s.exec(text)?.[1] ?? '') ?? (() => text));
  return (asked) => parts.map((part) => part(asked)).join('');
}

/** What a limit is counted by: a text for each combination of what its key's templates say. */
export function partitionOf(key: readonly string[] = []): (asked: Asked) => string {
  if (key.length === 0) return () => '';
  const parts = key.map(templateOf);
  return (asked) => JSON.stringify(parts.map((part) => part(asked)));
}
