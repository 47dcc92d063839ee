/** Shorter pieces of Base64 would be found in innocent texts. */
const base64LengthMin = 8;

/**
 * The texts by which a secret can be known: as it is, as JSON, URLs and forms write it, and in Base64, also in the midst of
 * something else, as in `Basic` credentials.
 */
export function formsOf(secret: string): readonly string[] {
  const url = encodeURIComponent(secret);
  return [
    ...new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      url,
      url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      new URLSearchParams([['', secret]]).toString().slice(1),
      ...base64Forms(Buffer.from(secret)),
    ]),
  ];
}

/** A byte stands in one of three places of a group; what its neighbours have a part in is left out. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return whole.length < base64LengthMin ? [] : [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
