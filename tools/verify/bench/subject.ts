// A subject of the benchmark: something that signs, and the request to it.
import type { KeyObject } from 'node:crypto'
import { signParts, writeRequest } from '../attack/requests.ts'
import type { Load, LoadRequest } from './generator.ts'

/** The number of messages in a batch. */
export const BATCH = 100
export const message = 'a message of a usual length, as somebody would have it signed'
export const messages = Array.from({ length: BATCH }, () => message)

export type Subject = {
  name: string
  isOurs: boolean
  /** The number of signatures that a request returns. */
  signatures: number
  address: LoadRequest['address']
  /** Makes the request. Called for each round, because a pairing signature is valid for a minute. */
  write: () => string
  /** Sends the load from another place than this machine. */
  generate?: (load: LoadRequest) => Promise<Load>
}

/** Writes a POST of `request` as JSON, on a keep-alive connection. */
export function writePost(path: string, request: unknown, headers = {}): string {
  const body = JSON.stringify(request)
  return writeRequest({ path, body, headers: { connection: 'keep-alive', ...headers } })
}

/** The same, with the frontend's pairing signature. */
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
