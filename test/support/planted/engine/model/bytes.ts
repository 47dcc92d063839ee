import type { Readable } from 'node:stream';

export type Bytes = Readable;
