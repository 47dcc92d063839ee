/**
 * Matches paths against a glob: `*` stands for any characters but `/`, `**` for any at all, `?` for one. Names without a
 * folder in the glob are matched in every folder only with `**`.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  const pattern = glob.replace(/\*\*\/?|[*?]|[\\^$+.()|[\]{}]/g, (token) => tokens[token] ?? `\\${token}`);
  const expression = new RegExp(`^${pattern}$`, 's');
  return (path) => expression.test(path);
}

const tokens: { readonly [token: string]: string } = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
};
