/** Draws texts one over the other on a terminal, and one below the other elsewhere. */
export function redrawnOn(out: NodeJS.WriteStream): (text: string) => void {
  let drawn = 0;
  return (text) => {
    const lines = text.split('\n').map((line) => cutTo(out, line));
    const up = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
    out.write(`${up}${lines.join('\n')}\n`);
    drawn = out.isTTY === true ? lines.length : 0;
  };
}

/** A line that wraps would take two rows of the terminal. */
function cutTo(out: NodeJS.WriteStream, line: string): string {
  const width = out.isTTY === true ? (out.columns ?? 80) : Infinity;
  return line.length < width ? line : `${line.slice(0, width - 2)}…`;
}
