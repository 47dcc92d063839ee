import { escaped, knownPath } from './path.ts';
import type { Path } from './path-plan.ts';

/** A text made of a description: texts, and paths of the values between them. */
export type DescribedText = readonly (string | Path)[];

const braces = /\{([^{}]+)\}/;

/** Paths that stand in braces. */
export const describedPaths = (text: string): string[] => text.split(braces).filter((_, at) => at % 2 === 1);

/** `{namespace}.{key}` with its paths. */
export const describedText = (text: string): DescribedText =>
  text.split(braces).map((part, at) => (at % 2 === 1 ? knownPath(part) : part));

/** A path, or a text with several in braces. */
export const describedName = (text: string): DescribedText =>
  braces.test(text) ? describedText(text) : [knownPath(text)];

/** The text with its values; undefined where the description lacks one. */
export function filledText(
  parts: DescribedText,
  textAt: (path: Path) => string | undefined,
  change: (value: string) => string = (value) => value,
): string | undefined {
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = textAt(part);
    return value === undefined || value === '' ? undefined : change(value);
  });
  return texts.includes(undefined) ? undefined : texts.join('');
}

/** The same of a path: values stand between its quotes. */
export const filledPath = (
  parts: DescribedText,
  textAt: (path: Path) => string | undefined,
): string | undefined => filledText(parts, textAt, escaped);
