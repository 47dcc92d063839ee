import { createHmac } from 'node:crypto';
import { assert } from '../../model/errors.ts';
import { isChosen, segmentsText } from '../../model/path.ts';
import type { Chosen, PathSegment, PrivacyPlan, TransformPlan } from '../../model/plan.ts';
import { stringifyExact } from './exact-json.ts';
import { scalarText } from './scalars.ts';
import { compileTransforms } from './transforms.ts';

/** Drops or replaces the personal data of a record, in place. */
export type Sanitiser = (record: unknown) => void;

/** What happens to a value: `undefined` drops it. */
type Action = (value: unknown) => unknown;

interface Rule {
  readonly segments: readonly PathSegment[];
  readonly action: Action;
}

/** All rules as one tree, so that no value is changed twice however many of them reach it. */
interface Node {
  readonly action?: Action;
  readonly named: readonly (readonly [string, Node])[];
  readonly anyKey?: Node;
  readonly anyElement?: Node;
  /** For an element that says what a rule chooses it by, in the place of the others; undefined for one that does not. */
  readonly chosen?: (element: unknown, name: string) => Node | undefined;
}

/**
 * Compiles the rules of a stream; undefined when there are none. With `again`, tokens stay as they are: kept pages hold
 * them already, except where a rule is younger than the page.
 */
export function compilePrivacy(
  plans: readonly PrivacyPlan[],
  piiKey: string | undefined,
  again = false,
): Sanitiser | undefined {
  if (plans.length === 0) return undefined;
  // A path that is both dropped and replaced is dropped, whichever comes first.
  const ordered = [...plans].sort((a, b) => Number(a.action !== 'drop') - Number(b.action !== 'drop'));
  const root = compileNode(
    ordered.map((plan) => ({
      segments: plan.path.segments,
      action: compileReplacement(plan, piiKey, again),
    })),
  );
  return (record) => visit(record, root);
}

/** What one rule makes of a value. */
export function compileReplacement(plan: PrivacyPlan, piiKey: string | undefined, again: boolean): Action {
  switch (plan.action) {
    case 'drop':
      return () => undefined;
    case 'truncate':
      return truncated(plan);
    case 'hmac':
      return tokenised(plan, piiKey, again);
  }
}

/** The first characters of the text; what is no text nor number says too much, and nothing is left of it. */
function truncated({ keep = 0, transforms }: PrivacyPlan): Action {
  const secretOf = compileSecret(transforms);
  return (value) => {
    if (value === null) return value;
    if (scalarText(value) === undefined) return null;
    const secret = secretOf(value);
    return secret === null ? null : [...secret].slice(0, keep).join('');
  };
}

function tokenised({ transforms }: PrivacyPlan, piiKey: string | undefined, again: boolean): Action {
  assert(piiKey, 'a key for personal data is given where a mapping makes tokens');
  const secretOf = compileSecret(transforms);
  return (value) => {
    if (value === null || (again && isToken(value))) return value;
    const secret = secretOf(value);
    if (secret === null || secret === '') return secret;
    return createHmac('sha256', piiKey).update(secret).digest('hex');
  };
}

/** The text that a token stands for. What is empty stays so, and says nothing about anybody. */
function compileSecret(transforms: readonly TransformPlan[]): (value: unknown) => string | null {
  const transform = compileTransforms(transforms);
  return (value) => {
    const text = scalarText(value);
    if (text === undefined) return stringifyExact(value);
    const changed = transform === undefined || text === '' ? text : transform(text);
    // A text that cannot be transformed is still personal data.
    return changed === null || typeof changed === 'string' ? changed : text;
  };
}

const isToken = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function compileNode(rules: readonly Rule[]): Node {
  const ended = rules.find(({ segments }) => segments.length === 0);
  if (ended !== undefined) return { action: ended.action, named: [] };
  const names = new Set(
    rules.map(({ segments }) => nameOf(segments[0])).filter((name) => name !== undefined),
  );
  const anyKey = behind(rules, (segment) => isAny(segment, 'key'));
  const anyElement = behind(rules, (segment) => isAny(segment, 'element'));
  const chosen = compileChosen(rules, names);
  return {
    ...(chosen && { chosen }),
    named: [...names].map((name) => [name, compileNode(behind(rules, (segment) => mayBe(segment, name)))]),
    ...(anyKey.length > 0 && { anyKey: compileNode(anyKey) }),
    ...(anyElement.length > 0 && { anyElement: compileNode(anyElement) }),
  };
}

/** An element may be chosen by several rules, and reached by its place besides: their rules are put together once. */
function compileChosen(rules: readonly Rule[], names: ReadonlySet<string>): Node['chosen'] {
  const wheres = new Map<string, Chosen>(
    rules.flatMap(({ segments: [first] }) =>
      first !== undefined && 'where' in first ? [[segmentsText([first]), first.where] as const] : [],
    ),
  );
  if (wheres.size === 0) return undefined;
  const nodes = new Map<string, Node>();
  return (element, name) => {
    const held = [...wheres].flatMap(([text, where]) => (isChosen(element, where, scalarText) ? [text] : []));
    if (held.length === 0) return undefined;
    const known = names.has(name) ? name : undefined;
    const id = JSON.stringify([known ?? null, held]);
    const reached = (segment: PathSegment): boolean =>
      'where' in segment
        ? held.includes(segmentsText([segment]))
        : isAny(segment, 'element') || (known !== undefined && nameOf(segment) === known);
    const node = nodes.get(id) ?? compileNode(behind(rules, reached));
    nodes.set(id, node);
    return node;
  };
}

/** What is left of the rules that go on through a child. */
const behind = (rules: readonly Rule[], through: (segment: PathSegment) => boolean): readonly Rule[] =>
  rules.flatMap(({ segments: [first, ...segments], action }) =>
    first !== undefined && through(first) ? [{ segments, action }] : [],
  );

function nameOf(segment: PathSegment | undefined): string | undefined {
  if (segment === undefined || 'any' in segment || 'where' in segment) return undefined;
  return 'index' in segment ? String(segment.index) : segment.key;
}

const isAny = (segment: PathSegment, kind: 'key' | 'element'): boolean =>
  'any' in segment && segment.any === kind;

/** Whether a segment can reach the child of that name. A wildcard counts: a name takes its rules along. */
const mayBe = (segment: PathSegment, name: string): boolean => 'any' in segment || nameOf(segment) === name;

function visit(value: unknown, node: Node): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value) && node.chosen !== undefined) visitElements(value, node, node.chosen);
  else visitChildren(value, node);
}

/** Who an element is must be known before anything of it is changed. */
function visitElements(list: unknown[], node: Node, chosen: NonNullable<Node['chosen']>): void {
  const { named, anyElement } = node;
  const places = new Map(named);
  list.forEach((element, at) => {
    const name = String(at);
    const own = chosen(element, name) ?? places.get(name) ?? anyElement;
    if (own !== undefined) visitChild(list as unknown as Record<string, unknown>, name, own);
  });
}

function visitChildren(value: object, node: Node): void {
  const any = Array.isArray(value) ? node.anyElement : node.anyKey;
  const holder = value as Record<string, unknown>;
  for (const [name, child] of node.named) {
    if (Object.hasOwn(holder, name)) visitChild(holder, name, child);
  }
  if (any === undefined) return;
  for (const name of Object.keys(holder)) {
    if (!node.named.some(([known]) => known === name)) visitChild(holder, name, any);
  }
}

function visitChild(holder: Record<string, unknown>, name: string, node: Node): void {
  if (node.action === undefined) {
    visit(holder[name], node);
    return;
  }
  const replaced = node.action(holder[name]);
  if (replaced !== undefined) holder[name] = replaced;
  // An element that is dropped leaves its place, since paths and ordinals count on it.
  else if (Array.isArray(holder)) (holder as unknown[])[Number(name)] = null;
  else delete holder[name];
}
