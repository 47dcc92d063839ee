import { Marked } from 'marked';

/** As GitHub makes them of headings, so that links to headings work here as well. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/<[^>]+>|&\w+;|&#\d+;/g, '')
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/**
 * Markdown as HTML. `resolve` says where a link leads; undefined leaves its text alone. Within a line, `isInline` makes no
 * paragraph of it.
 */
export function html(
  markdown: string,
  resolve: (href: string) => string | undefined,
  isInline = false,
): string {
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const text = this.parser.parseInline(tokens);
        return `<h${depth} id="${anchorOf(text)}">${text}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = resolve(href);
        return target === undefined ? text : `<a href="${target}">${text}</a>`;
      },
    },
  });
  return isInline ? (marked.parseInline(markdown) as string) : (marked.parse(markdown) as string);
}
