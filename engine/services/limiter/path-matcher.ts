/** Whether a request path matches a glob in which `*` stands for any run of characters; without one, every path does. */
export function pathMatcher(glob: string | undefined): (path: string) => boolean {
  if (glob === undefined) return () => true;
  const pattern = new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
  return (path) => pattern.test(path);
}
