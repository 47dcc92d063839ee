import { createDecipheriv, randomBytes } from 'node:crypto';
import type { Name } from './ast.ts';
import type { StageFiles } from './stage-files.ts';

/** Where clients upload to: a folder of this machine, or a bucket that the stand-in plays. */
export type UploadMode = 'LOCAL_FS' | 'GCS';

export interface Upload {
  readonly stage: string;
  readonly path: string;
  readonly bytes: number;
}

interface Key {
  readonly stage: Name;
  readonly path: string;
  readonly master: Buffer;
  readonly queryId: string;
}

/** Tells clients where to upload, and takes what they send to the bucket: it must decrypt. */
export class Uploads {
  mode: UploadMode = 'LOCAL_FS';
  url = '';
  readonly taken: Upload[] = [];
  readonly #files: StageFiles;
  readonly #keys = new Map<string, Key>();
  readonly token = randomBytes(12).toString('hex');

  constructor(files: StageFiles) {
    this.#files = files;
  }

  async place(stage: Name, path: string, parallel: number): Promise<{ parallel: number }> {
    const info = { path: '', region: '', storageAccount: null, isClientSideEncrypted: true, creds: {} };
    if (this.mode === 'LOCAL_FS') {
      const location = await this.#files.folder(stage, path);
      return told({
        parallel,
        encryptionMaterial: null,
        stageInfo: { ...info, locationType: 'LOCAL_FS', location },
      });
    }
    const folder = randomBytes(8).toString('hex');
    const master = randomBytes(16);
    this.#keys.set(folder, { stage, path, master, queryId: folder });
    return told({
      parallel,
      encryptionMaterial: { queryStageMasterKey: master.toString('base64'), queryId: folder, smkId: 1 },
      stageInfo: {
        ...info,
        locationType: 'GCS',
        location: `bucket/${folder}/`,
        endPoint: this.url,
        creds: { GCS_ACCESS_TOKEN: this.token },
      },
    });
  }

  /** Takes a body that was sent to the bucket; undefined if all is well, or why not. */
  async take(
    url: string,
    headers: NodeJS.Dict<string | string[]>,
    body: Buffer,
  ): Promise<string | undefined> {
    const [, folder = '', name = ''] = /^\/bucket\/([^/]+)\/([^?]+)/.exec(url) ?? [];
    const key = this.#keys.get(folder);
    if (key === undefined) return 'there is no such folder';
    if (headers['authorization'] !== `Bearer ${this.token}`) return 'the token is wrong';
    const content = decrypted(headers, body, key.master);
    if (typeof content === 'string') return content;
    const path = `${key.path}${key.path === '' || key.path.endsWith('/') ? '' : '/'}${decodeURIComponent(name)}`;
    await this.#files.write(key.stage, path, content);
    this.taken.push({ stage: key.stage.join('.'), path, bytes: content.length });
    return undefined;
  }
}

const told = (upload: {
  readonly parallel: number;
  readonly [field: string]: unknown;
}): { parallel: number } => upload;

interface EncryptionData {
  readonly WrappedContentKey: { readonly EncryptedKey: string };
  readonly ContentEncryptionIV: string;
}

/** The file's key is encrypted with the master key, the file with its key. */
function decrypted(headers: NodeJS.Dict<string | string[]>, body: Buffer, master: Buffer): Buffer | string {
  const data = headers['x-goog-meta-encryptiondata'];
  if (typeof data !== 'string') return 'the encryption data are missing';
  try {
    const { WrappedContentKey, ContentEncryptionIV } = JSON.parse(data) as EncryptionData;
    const unwrap = createDecipheriv('aes-128-ecb', master, null);
    const wrapped = Buffer.from(WrappedContentKey.EncryptedKey, 'base64');
    const key = Buffer.concat([unwrap.update(wrapped), unwrap.final()]);
    const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(ContentEncryptionIV, 'base64'));
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (error) {
    return `the body does not decrypt: ${error}`;
  }
}
