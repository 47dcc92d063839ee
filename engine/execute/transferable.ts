/** The memory of those bytes that have it for themselves, which a message can hand over instead of copying it. */
export const transferable = (bytes: readonly (Uint8Array | undefined)[]): ArrayBuffer[] =>
  bytes.flatMap((one) =>
    one?.buffer instanceof ArrayBuffer && one.byteLength === one.buffer.byteLength ? [one.buffer] : [],
  );
