import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type * as config from '../model/config.ts';
import { knownPath, valueAt } from '../model/path.ts';
import type { Collection } from './collection.ts';
import { labError, messageOf } from './complain.ts';
import { readCsv } from './csv.ts';
import { cursorReader } from './cursor-reader.ts';
import { readNdjson } from './ndjson.ts';

const decompress = promisify(gunzip);
const endings = ['.ndjson', '.ndjson.gz', '.csv', '.csv.gz'] as const;
const readers = { '.ndjson': readNdjson, '.csv': readCsv, '.json': readNdjson } as const;
const byteOrderMark = Buffer.from('\uFEFF');

/** Where records of streams are. */
export interface DataFolders {
  /** Of the project. */
  readonly own: string;
  /** Of the connector, whose examples are served where the project has nothing of its own. */
  readonly connector?: string | undefined;
}

interface DataFile {
  /** As messages name it. */
  readonly file: string;
  readonly path: string;
}

/** The data file of a stream, as declared or the first that exists; undefined where there is none. */
export function findDataFile(
  folders: DataFolders,
  owner: string,
  { lab }: config.Stream,
): DataFile | undefined {
  const file = wantedFiles(owner, lab?.data).find((one) => existsSync(join(folders.own, one)));
  if (file !== undefined) return { file, path: join(folders.own, file) };
  if (lab?.data !== undefined || folders.connector === undefined) return undefined;
  const examples = join(folders.connector, 'examples');
  const example = namesOf(owner)
    .map((name) => name.slice(name.indexOf('/') + 1))
    .find((one) => existsSync(join(examples, one)));
  return example === undefined
    ? undefined
    : { file: `examples/${example} of the connector of ${owner}`, path: join(examples, example) };
}

const wantedFiles = (owner: string, declared: string | undefined): readonly string[] =>
  declared === undefined ? namesOf(owner).map((name) => `lab/${name}`) : [declared];

/** `crm/deals.ndjson`; descriptions of properties are `crm/describe/deals.json`. */
function namesOf(owner: string): readonly string[] {
  const [source, stream = ''] = owner.split('.');
  const described = /^(.*)~describe$/.exec(stream)?.[1];
  return described === undefined
    ? endings.map((ending) => `${source}/${stream}${ending}`)
    : ['.json', '.ndjson'].map((ending) => `${source}/describe/${described}${ending}`);
}

const noData = (owner: string, { lab }: config.Stream): Error =>
  labError(
    'noData',
    `${owner} has no data for the lab`,
    `Looked for ${wantedFiles(owner, lab?.data).join(', ')} in the project folder.`,
    'Put the records there, or declare `lab.data` or `lab.generate` in the stream.',
  );

async function load({ file, path }: DataFile): Promise<Buffer> {
  try {
    const stored = await readFile(path);
    const bytes = file.endsWith('.gz') ? await decompress(stored) : stored;
    return bytes.subarray(0, 3).equals(byteOrderMark) ? bytes.subarray(3) : bytes;
  } catch (thrown) {
    throw labError('unreadableData', `${file} cannot be read: ${messageOf(thrown)}`, 'Check the file.');
  }
}

function lineOfBadByte(bytes: Buffer): number {
  let from = 0;
  for (let number = 1; ; number += 1) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) return number;
    from = end + 1;
  }
}

/**
 * Reads the data file of a stream (`owner` is `source.stream`) into memory.
 * @throws TerminalError when there is none, or naming the line that does not fit
 */
export async function readDataFile(
  folders: DataFolders,
  owner: string,
  stream: config.Stream,
): Promise<Collection> {
  const found = findDataFile(folders, owner, stream);
  if (found === undefined) throw noData(owner, stream);
  const { file } = found;
  const ending = /\.(?:ndjson|csv|json)(?=(?:\.gz)?$)/.exec(found.path)?.[0] as
    | keyof typeof readers
    | undefined;
  if (ending === undefined) {
    throw labError(
      'unreadableData',
      `${file} is not of a kind that the lab reads`,
      `It reads ${[...endings, '.json'].join(', ')}.`,
    );
  }
  const bytes = await load(found);
  if (!isUtf8(bytes)) {
    throw labError(
      'unreadableData',
      `${file}:${lineOfBadByte(bytes)} is not UTF-8`,
      'Save the file as UTF-8.',
    );
  }
  const lines = ending === '.json' ? recordLines(bytes, file, listPath(stream)) : bytes;
  return readers[ending](lines, file, stream.cursor && cursorReader(stream.cursor));
}

const listPath = ({ records }: config.Stream): string | undefined =>
  typeof records === 'string' ? records : undefined;

/** The records of a reply that is stored as a whole, one a line. */
function recordLines(bytes: Buffer, file: string, records = ''): Buffer {
  let found: unknown;
  try {
    const reply: unknown = JSON.parse(bytes.toString());
    found = Array.isArray(reply) ? reply : valueAt(reply, knownPath(records));
  } catch (thrown) {
    throw labError('unreadableData', `${file} is not JSON: ${messageOf(thrown)}`, 'Check the file.');
  }
  if (Array.isArray(found)) return Buffer.from(found.map((record) => JSON.stringify(record)).join('\n'));
  throw labError(
    'unreadableData',
    `${file} has no list${records === '' ? '' : ` at ${records}`}`,
    'It is a reply with its records where the stream has them, or a list of records.',
  );
}
