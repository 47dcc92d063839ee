const zero = 48;
const minus = 45;
/** Below this a loop is faster than a call into the runtime. */
const loopBytesMax = 64;
const smallIntegerMax = 0x7fff_ffff;

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

/**
 * Bytes under way to a response. Records are written here piece by piece: texts joined first and encoded then would
 * cost more than twice as much, and the lab shares the machine with the engine it feeds.
 */
export class ByteSink {
  private bytes: Buffer;
  private end = 0;

  constructor(capacityBytes = 1024) {
    this.bytes = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.end;
  }

  /** All that was written. The sink must not be written to afterwards. */
  written(): Buffer {
    return this.bytes.subarray(0, this.end);
  }

  byte(code: number): void {
    this.room(1);
    this.bytes[this.end] = code;
    this.end += 1;
  }

  append(piece: Uint8Array): void {
    const { length } = piece;
    this.room(length);
    const { bytes, end } = this;
    if (length > loopBytesMax) bytes.set(piece, end);
    else for (let at = 0; at < length; at += 1) bytes[end + at] = piece[at] as number;
    this.end = end + length;
  }

  /** Writes a safe integer. */
  integer(value: number): void {
    if (value < 0) this.byte(minus);
    const size = Math.abs(value);
    if (size > smallIntegerMax) this.text(String(size));
    else this.digits(size, digitsOf(size));
  }

  /** Writes a whole number below 2^53 with leading zeros to `width` digits. */
  digits(value: number, width: number): void {
    if (value > smallIntegerMax) {
      this.text(String(value).padStart(width, '0'));
      return;
    }
    this.room(width);
    const { bytes, end } = this;
    let rest = value | 0;
    for (let at = end + width - 1; at >= end; at -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[at] = zero + rest - tenth * 10;
      rest = tenth;
    }
    this.end = end + width;
  }

  text(text: string): void {
    this.room(text.length * 3);
    this.end += this.bytes.write(text, this.end);
  }

  private room(count: number): void {
    if (this.end + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.end + count));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}

/** A text as bytes, to be appended many times. */
export const encoded = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
