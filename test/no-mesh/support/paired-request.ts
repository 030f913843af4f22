// Requests at the signer's socket, sent from the application container as an attacker would.
import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import {
  type RequestParts,
  readJsonBody,
  readStatus,
  signParts,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import type { SocketAttack } from '../../support/compromise/attack-socket.ts'
import { runIn } from '../../support/compromise/run-in.ts'

const readSecret =
  'async () => (await import("node:fs")).readFileSync("/run/pairing/secret", "base64")'

export async function readPairingSecret(from: Container): Promise<KeyObject> {
  const secret = await runIn<string>(from, 'attack-socket', readSecret)
  return createSecretKey(Buffer.from(secret, 'base64'))
}

/** Sends one request. With `pairing`, it is signed. */
export async function askSocket(from: Container, parts: RequestParts = {}, pairing?: KeyObject) {
  const bytes = writeRequest(pairing === undefined ? parts : signParts(pairing, parts))
  const attack = await runIn<SocketAttack>(from, 'attack-socket', 'attackSocket', bytes)
  return { ...attack, status: readStatus(attack.answer), body: readJsonBody(attack.answer) }
}
