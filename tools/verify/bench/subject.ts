// A subject of the benchmark: something that signs, and the request to it.
import type { KeyObject } from 'node:crypto'
import { signParts, writeRequest } from '../attack/requests.ts'
import type { Load, LoadRequest } from './generator.ts'

/** The number of messages in a batch. */
export const BATCH = 100
export const message = 'a message of a usual length, as somebody would have it signed'
export const messages = Array.from({ length: BATCH }, () => message)

/** One, as a lone caller, or many at once. */
export const ALONE = 1
export const USUAL = 32
export const MANY = 128

export type Subject = {
  /** By which the report finds it. */
  id: SubjectId
  name: string
  isOurs: boolean
  /** At how many connections it is measured. */
  connections: readonly number[]
  /** The number of signatures that a request returns. */
  signatures: number
  address: LoadRequest['address']
  /** Makes the request, or several. Called for each round, because a pairing signature is valid for a minute. */
  write: () => string | readonly string[]
  /** Sends the load from another place than the network of this machine. */
  generate?: Generate
  /** What handles a request, if its CPU time is measured. */
  processes?: Processes
}

export type Generate = (load: LoadRequest) => Promise<Load>
/** Process ids. */
export type Processes = { application: number; signer?: number; proxy?: number }

/** `POST /process` in all its forms, then what signs by itself, then the parts of a lone call. */
export type SubjectId =
  | 'gateway'
  | 'unsigned'
  | 'webhooks'
  | 'pod'
  | 'webhooks-in-pod'
  | 'pair'
  | 'flask'
  | 'naive'
  | 'signer'
  | 'signer-batch'
  | 'signer-items'
  | 'signer-webhook'
  | 'signer-webhook-items'
  | 'vault'
  | 'vault-batch'
  | 'sign-in-pod'
  | 'batch-in-pod'
  | 'unsigned-in-pod'
  | 'probe'
  | 'probe-with-token'

/** What every subject that serves POST /process has. */
export const processSubject = {
  signatures: 1,
  connections: [ALONE, USUAL, MANY],
  write: () => writePost('/process', { message }),
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
