// Something that signs, and how it is asked.
import type { KeyObject } from 'node:crypto'
import { signParts, writeRequest } from '../attack/requests.ts'
import type { Load, LoadRequest } from './generator.ts'

/** Messages of a batch. */
export const BATCH = 100
export const message = 'a message of a usual length, as somebody would have it signed'
export const messages = Array.from({ length: BATCH }, () => message)

export type Subject = {
  name: string
  isOurs: boolean
  /** What a request yields. */
  signatures: number
  address: LoadRequest['address']
  /** Makes the request; anew for each round, because a pairing signature is good for a minute. */
  write: () => string
  /** Applies load from another place than here. */
  generate?: (load: LoadRequest) => Promise<Load>
}

/** Writes a POST of `request` as JSON that keeps its connection. */
export function writePost(path: string, request: unknown, headers = {}): string {
  const body = JSON.stringify(request)
  return writeRequest({ path, body, headers: { connection: 'keep-alive', ...headers } })
}

/** The same with the pairing signature of the frontend. */
export function writeSignedPost(
  pairing: KeyObject,
  path: string,
  request: unknown,
  headers = {},
): string {
  const body = JSON.stringify(request)
  const parts = { path, body, headers: { connection: 'keep-alive', ...headers } }
  return writeRequest(signParts(pairing, parts))
}
