/** Whether a stream shows colours: a terminal, unless NO_COLOR says otherwise. */
export const colored = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
