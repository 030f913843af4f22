// Vault's HTTP API, asked through a port-forward of its own each time: Vault is killed in between.
import { request } from 'node:https'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { startPortForward } from '../../../tools/kube/port-forward.ts'
import { PROGRAM_MS } from '../../support/timeouts.ts'

/** Where it is, for this machine and by its certificate. */
export type VaultPlace = { namespace: string; host: string; port: number; authority: string }
export type Question = { method: string; path: string; body?: object; token?: string }
export type Reply = z.infer<typeof reply>

const fields = z.record(z.string(), z.unknown())
const body = z.looseObject({
  data: fields.nullish(),
  auth: z.looseObject({ client_token: z.string(), policies: z.array(z.string()) }).nullish(),
  errors: z.array(z.string()).default([]),
})
const reply = z.object({ status: z.number(), body })

export async function askVault(place: VaultPlace, question: Question): Promise<Reply> {
  const target = ['-n', place.namespace, 'pod/vault']
  const forward = await startPortForward(target, place.port)
  try {
    return await send(place, forward.port, question)
  } finally {
    forward.stop()
  }
}

function send(
  { host, authority }: VaultPlace,
  port: number,
  { method, path, body: content, token }: Question,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ host: '127.0.0.1', port, servername: host, ca: authority, agent: false },
        ...{ method, path: `/v1/${path}`, signal: AbortSignal.timeout(PROGRAM_MS) },
        headers: token === undefined ? {} : { 'x-vault-token': token },
      },
      (incoming) => {
        const { statusCode: status } = incoming
        const answer = status === 204 ? Promise.resolve({}) : json(incoming)
        answer.then((found) => resolve(reply.parse({ status, body: found }))).catch(reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(content === undefined ? undefined : JSON.stringify(content))
  })
}
