import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { OperatorError } from './errors.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a secret for keeping (AES-256-GCM, a fresh nonce each time).
 *
 * @param key 32 bytes: the installation's key.
 * @param context what it belongs to, such as an account id: a sealed secret moved to another row does not open.
 * @returns version byte, nonce, tag, ciphertext.
 */
export function seal(key: Buffer, plaintext: string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

/**
 * The secret again.
 *
 * @throws OperatorError `secret_unreadable` when key or context are not those it was sealed with, or it was altered.
 */
export function open(key: Buffer, sealed: Buffer, context: string): string {
  const headLength = 1 + NONCE_BYTES + TAG_BYTES;
  try {
    if (sealed.length < headLength || sealed[0] !== VERSION)
      throw new RangeError('not a sealed secret of this version');
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, headLength));
    return Buffer.concat([decipher.update(sealed.subarray(headLength)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new OperatorError(
      'secret_unreadable',
      `the stored secret of ${context} cannot be opened with this key`,
      {
        next: 'Set BIDLOOP_SECRET_KEY to the key it was stored under, or add the account or source again with its token.',
        cause: error,
      },
    );
  }
}

/** A secret as it may be shown: enough to tell two apart, too little to use. "EAAB…9f" */
export function mask(secret: string): string {
  return secret.length < 12 ? '…' : `${secret.slice(0, 4)}…${secret.slice(-2)}`;
}

/** An address with its password masked, for logs and messages. */
export function maskUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:/@]*):[^@/]*@/i, '$1:…@');
}
