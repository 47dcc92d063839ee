import { accountStream } from '../model/accounts.ts';
import type { ApiRequest, ParentValues } from '../model/batch.ts';
import type { ChildEraser, ChildRedaction, ErasedParent, StreamEraser } from '../model/forget.ts';
import type { OpenWindow } from '../model/position.ts';
import { mentions, type PersonTexts, withoutNames, withoutWords } from './forget-texts.ts';

export interface Child {
  readonly child: ChildEraser;
  readonly parent: ErasedParent;
}

/** Streams that were asked for with the person's records, and how these are recognised there. */
export const childrenOf = (
  eraser: StreamEraser,
  parents: ReadonlyMap<string, readonly ParentValues[]>,
  salt: string,
): readonly Child[] =>
  eraser.children.flatMap((child) => {
    const known = (parents.get(accountStream(child.stream)) ?? []).filter(
      (one) => Object.keys(one).length > 0,
    );
    return known.length === 0 ? [] : [{ child, parent: erasedParent(known, eraser.hash(salt)) }];
  });

const erasedParent = (known: readonly ParentValues[], instead: string): ErasedParent => ({
  isTheirs: (values) =>
    known.some((one) => Object.entries(one).every(([name, value]) => String(values[name]) === String(value))),
  instead,
});

export const wordsOf = (values: ParentValues): readonly string[] => Object.values(values).map(String);

/** What a stream that was asked for with the person's records must not say any more. */
export const childRedaction = (
  child: ChildEraser,
  parent: ErasedParent,
  person: PersonTexts,
): ChildRedaction => ({
  says: mentions(person),
  without: withoutNames(person),
  request: (text) => withoutParent(text, parent),
  body: (body, page) => child.erase(body, page, parent),
});

/** A request, or a window with the next one, is changed where it asks for the person. */
function withoutParent(text: string, { isTheirs, instead }: ErasedParent): string {
  const kept = JSON.parse(text) as ApiRequest | OpenWindow;
  const request = 'next' in kept ? kept.next : kept;
  const asked = request.at?.parent?.values ?? [];
  const words = asked.filter(isTheirs).flatMap(wordsOf);
  if (request.at?.parent === undefined || words.length === 0) return text;
  const without = (one: string): string => withoutWords(one, words);
  const hidden = (values: ParentValues): ParentValues =>
    isTheirs(values) ? Object.fromEntries(Object.keys(values).map((name) => [name, instead])) : values;
  return JSON.stringify({
    ...request,
    url: without(request.url),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, without(value)]),
    ),
    ...(request.body !== undefined && { body: without(request.body) }),
    at: {
      ...request.at,
      page: Object.fromEntries(
        Object.entries(request.at.page).map(([name, value]) => [
          name,
          typeof value === 'string' ? without(value) : value,
        ]),
      ),
      parent: { ...request.at.parent, values: asked.map(hidden) },
    },
  } satisfies ApiRequest);
}
