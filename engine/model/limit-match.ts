import type { CostPlan, LimitMatchPlan, LimitPlan } from './plan.ts';

/** What of a request decides which limits bind it, what it is counted by, and what it costs. */
export interface LimitedRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL. */
  readonly path: string;
  readonly query: { readonly [parameter: string]: string };
  /** Names in lower case. */
  readonly headers: { readonly [header: string]: string };
  /** Without its source. */
  readonly stream: string;
  readonly account: string;
}

/** Whether requests are bound by a limit. It is made once, so that each request is only compared with it. */
export function limitMatcher({
  path,
  methods,
  streams,
}: LimitMatchPlan): (request: LimitedRequest) => boolean {
  const fits = pathMatcher(path);
  return (request) =>
    fits(request.path) &&
    (methods?.includes(request.method) ?? true) &&
    (streams?.includes(request.stream) ?? true);
}

/** Whether a path matches a glob in which `*` stands for any run of characters; without one, every path does. */
function pathMatcher(glob: string | undefined): (path: string) => boolean {
  if (glob === undefined) return () => true;
  const pattern = new RegExp(
    `^${glob
      .split(/\*+/)
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
  return (path) => pattern.test(path);
}

/** The values of a limit's key, told apart by commas: a value with a comma cannot pass for two values. */
export const partitionOf = ({ key }: LimitPlan, request: LimitedRequest): string =>
  key
    .flatMap((template) => [...template.matchAll(/\{([^{}]*)\}/g)])
    .map(([, placeholder = '']) => placeholderValue(placeholder, request))
    .map((value) => value.replace(/[%,]/g, (character) => (character === '%' ? '%25' : '%2C')))
    .join(',');

function placeholderValue(placeholder: string, request: LimitedRequest): string {
  const [where, name = ''] = placeholder.split(/\.(.*)/s);
  switch (where) {
    case 'query':
      return own(request.query, name);
    case 'header':
      return own(request.headers, name.toLowerCase());
    default:
      return own({ ...request }, placeholder);
  }
}

const own = (values: { readonly [name: string]: unknown }, name: string): string =>
  Object.hasOwn(values, name) ? String(values[name]) : '';

/** What a request costs where no expression says it. */
export const costByMethod = ({ byMethod, estimate }: CostPlan, method: LimitedRequest['method']): number =>
  byMethod[method] ?? byMethod['default'] ?? estimate;
