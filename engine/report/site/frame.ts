export interface Framed {
  readonly title: string;
  readonly body: string;
  /** How the page's folder reaches the site's: empty, or `../`. */
  readonly root: string;
  readonly version: string;
}

/** A whole page of the site. */
export const frame = ({ title, body, root, version }: Framed): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</title>
<link rel="stylesheet" href="${root}style.css">
</head>
<body>
<nav><a href="${root}index.html">Sluice ${version}</a> <a href="${root}guide.html">Guide</a></nav>
<main>
${body}
</main>
</body>
</html>
`;

export const style = `:root { color-scheme: light dark; --line: #8884; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; }
nav { padding: .6rem 1.2rem; border-bottom: 1px solid var(--line); }
nav a { margin-right: 1rem; }
main { max-width: 62rem; margin: 0 auto; padding: 0 1.2rem 4rem; }
a { color: #1668c7; text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: .9em/1.45 ui-monospace, monospace; background: #8881; border-radius: 4px; }
code { padding: .1em .3em; }
pre { padding: .8rem 1rem; overflow-x: auto; }
pre code { padding: 0; background: none; }
table { display: block; margin: 1rem 0; overflow-x: auto; border-collapse: collapse; }
th, td { padding: .35rem .6rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
#search { width: 100%; box-sizing: border-box; padding: .6rem .8rem; font: inherit; }
section ul { padding-left: 1.1rem; }
section span { opacity: .75; }
@media (prefers-color-scheme: dark) { a { color: #6db3ff; } }
`;
