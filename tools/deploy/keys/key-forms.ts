// What differs between raw keys and webhook keys, whose rotations have nothing to do with each other.

import { randomBytes } from 'node:crypto'
import type { Form } from '../../../runtime/contract.ts'
import { WEBHOOK_PREFIX } from '../../../signer/keys/key-files.ts'
import { UserError } from '../../cli/terminal.ts'
import { primaryEntry, webhookPrimaryEntry } from './entries.ts'

/** Bytes. RFC 2104 section 3 recommends the length of the hash, which is 32 bytes for SHA-256. */
const keyBytes = 32

export type KeyForm = {
  name: Form
  /** A key of this form, in texts. */
  noun: string
  /** The entry that names the primary key. */
  primaryEntry: string
  /** Ids of new keys are this and a number. */
  idPrefix: string
  /** The annotations of a rotation. Times are RFC 3339 in UTC and whole seconds. */
  annotationNames: Record<'nextKey' | 'replacedKey' | 'replacedAt' | 'verifiesUntil', string>
  /** The command that rotates. */
  command: string
  /** Makes the value of a new key, in base64. */
  makeKey: () => string
}

function nameAnnotations(prefix: string): KeyForm['annotationNames'] {
  const name = (rest: string) => `secure-signing.dev/${prefix}${rest}`
  return {
    nextKey: name('next-key'),
    replacedKey: name('replaced-key'),
    replacedAt: name('replaced-at'),
    verifiesUntil: name('verifies-until'),
  }
}

export function makeKey(): string {
  return randomBytes(keyBytes).toString('base64')
}

export const rawKeys: KeyForm = {
  name: 'raw',
  noun: 'key',
  primaryEntry,
  idPrefix: 'key-',
  annotationNames: nameAnnotations(''),
  command: 'make rotate-key',
  makeKey,
}

export const webhookKeys: KeyForm = {
  name: 'webhook',
  noun: 'webhook key',
  primaryEntry: webhookPrimaryEntry,
  idPrefix: 'webhook-',
  annotationNames: nameAnnotations('webhook-'),
  command: 'make rotate-key FORM=webhook',
  makeKey: () => Buffer.from(WEBHOOK_PREFIX + makeKey()).toString('base64'),
}

export const keyForms = { raw: rawKeys, webhook: webhookKeys }

/** Returns the change that removes all annotations of a rotation. */
export function clearAnnotations({ annotationNames }: KeyForm): Record<string, undefined> {
  return Object.fromEntries(Object.values(annotationNames).map((name) => [name, undefined]))
}

/** Parses FORM. */
export function parseForm(text = 'raw'): KeyForm {
  if (text === 'raw' || text === 'webhook') return keyForms[text]
  throw new UserError(
    `FORM=${text} is not a form of keys`,
    'Use FORM=webhook for webhook keys, or leave it out for the keys that sign messages as they are.',
  )
}
