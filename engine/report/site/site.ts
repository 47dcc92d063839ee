import type { Topic } from '../../model/topic.ts';
import { frame, style } from './frame.ts';
import { html } from './html.ts';

const folders = { page: '.', command: 'commands', key: 'keys', code: 'codes' } as const;
const headings = { page: 'Pages', command: 'Commands', key: 'Keys', code: 'Codes' } as const;
const kinds = ['page', 'command', 'key', 'code'] as const;

/** The documentation as files of a static site, by their paths: a page for each topic, and an index that can be searched. */
export function siteFiles(topics: readonly Topic[], version: string): ReadonlyMap<string, string> {
  const paths = new Map(topics.map((topic) => [`${topic.kind}:${topic.name}`, pathOf(topic)]));
  const files = topics.map((topic): [string, string] => {
    const path = pathOf(topic);
    const root = path.includes('/') ? '../' : '';
    const body = html(`# ${topic.title}\n\n${topic.markdown}`, (href) => resolved(href, root, paths));
    return [path, frame({ title: topic.title, body, root, version })];
  });
  return new Map([
    ['index.html', frame({ title: 'Sluice', body: index(topics), root: '', version })],
    ['style.css', style],
    ...files,
  ]);
}

const pathOf = ({ kind, name }: Topic): string =>
  `${folders[kind] === '.' ? '' : `${folders[kind]}/`}${name.replace(/\.md$/, '').replaceAll(' ', '-')}.html`;

/** Where a link of a page leads within the site; undefined when it leads out of it. */
function resolved(href: string, root: string, paths: ReadonlyMap<string, string>): string | undefined {
  if (/^https?:/.test(href) || href.startsWith('#')) return href;
  const [, page, anchor = ''] = /^(?:\.\/|docs\/)?([\w-]+)\.md(#.*)?$/.exec(href) ?? [];
  if (page === 'diagnostics') return codeLink(anchor, root, paths);
  if (page === 'reference' || page === 'commands') return `${root}index.html`;
  const path = paths.get(page === undefined ? href : `page:${page}.md`);
  return path === undefined ? undefined : `${root}${path}${anchor}`;
}

/** An entry of docs/diagnostics.md has a page of its own. */
function codeLink(anchor: string, root: string, paths: ReadonlyMap<string, string>): string {
  const [name = ''] = /etl\d{4}/.exec(anchor) ?? [];
  return `${root}${paths.get(`code:${name.toUpperCase()}`) ?? 'index.html'}`;
}

/** Every topic, by kind, with its summary. */
function index(topics: readonly Topic[]): string {
  const lists = kinds.map((kind) => {
    const items = topics
      .filter((topic) => topic.kind === kind)
      .map(
        (topic) =>
          `<li><a href="${pathOf(topic)}">${escaped(topic.kind === 'key' ? topic.name : topic.title)}</a> <span>${html(topic.summary, () => undefined, true)}</span></li>`,
      );
    return `<section><h2>${headings[kind]}</h2><ul>\n${items.join('\n')}\n</ul></section>`;
  });
  return [
    '<h1>Sluice</h1>',
    '<input id="search" type="search" placeholder="Search pages, commands, keys and codes" aria-label="Search" autofocus>',
    ...lists,
    '<script>',
    "const search = document.querySelector('#search');",
    'const filter = () => {',
    '  const words = search.value.toLowerCase().split(/\\s+/);',
    "  for (const item of document.querySelectorAll('li'))",
    '    item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));',
    "  for (const section of document.querySelectorAll('section'))",
    "    section.hidden = section.querySelector('li:not([hidden])') === null;",
    '};',
    "search.addEventListener('input', filter);",
    'filter();',
    '</script>',
  ].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
