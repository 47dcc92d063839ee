import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { complaint, TerminalError } from '../../../model/errors.ts';

/** Encrypts texts that are kept. */
export interface Vault {
  /** `about` is not in the result, and whoever opens it must say the same. */
  seal(text: string, about: string): string;
  /** Undefined when it was sealed with another key or about something else, or was altered. */
  open(sealed: string, about: string): string | undefined;
}

const keyLengthMin = 32;
const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** Texts under AES-256-GCM, with a key that scrypt makes of `tokenKey`. @throws TerminalError when that is too short. */
export function openVault(tokenKey: string): Vault {
  if (tokenKey.length < keyLengthMin) throw shortKey(tokenKey.length);
  const key = scryptSync(tokenKey, 'sluice tokens', 32);
  return {
    seal: (text, about) => {
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(about));
      const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
      return Buffer.concat([iv, sealing.getAuthTag(), sealed]).toString('base64');
    },
    open: (sealed, about) => {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < ivBytes + tagBytes) return undefined;
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(about))
        .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      try {
        return opening.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + opening.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

const shortKey = (length: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0437',
      `\`tokenKey\` is too short: ${length} characters`,
      `Expected at least ${keyLengthMin} random ones, such as \`openssl rand -base64 32\` prints.`,
    ),
  );
