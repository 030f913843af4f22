// Secret Manager's REST API, which gcloud calls.
import { z } from 'zod'
import { ApiError, parseBody } from './api-error.ts'
import { crc32c } from './crc32c.ts'
import { type Principal, type SecretManager, type StateVerb, states } from './secret-manager.ts'

export type Call = { method: string; path: string; text: string }
type Route = (manager: SecretManager, principal: Principal, name: string, call: Call) => object

const version = z.object({
  payload: z.object({ data: z.base64(), dataCrc32c: z.string().optional() }),
})
const binding = z.object({ role: z.string(), members: z.array(z.string()) })
const policy = z.object({ policy: z.object({ bindings: z.array(binding).default([]) }) })
/** By method and verb. */
const routes: Record<string, Route> = {
  'POST ': (manager, principal, name, { path }) => {
    const id = new URL(path, 'https://localhost').searchParams.get('secretId')
    return manager.create(principal, `${name}/${id}`)
  },
  'POST addVersion': (manager, principal, name, { text }) => {
    const { data, dataCrc32c: sum } = parseBody(version, text).payload
    const bytes = Buffer.from(data, 'base64')
    if (sum !== undefined && sum !== String(crc32c(bytes))) {
      throw new ApiError('INVALID_ARGUMENT', 'The payload does not have its checksum.')
    }
    const made = manager.addVersion(principal, name, bytes)
    return { ...made, clientSpecifiedPayloadChecksum: sum !== undefined }
  },
  'GET access': (manager, principal, asked) => {
    const { name, data } = manager.access(principal, asked)
    return { name, payload: { data: data.toString('base64') } }
  },
  'GET getIamPolicy': (manager, principal, name) => manager.getPolicy(principal, name),
  'POST setIamPolicy': (manager, principal, name, { text }) =>
    manager.setPolicy(principal, name, parseBody(policy, text).policy),
}

export function callRest(manager: SecretManager, principal: Principal, call: Call): object {
  const [, name = '', verb = ''] = /^\/v1\/([^:?]+):?(\w*)/.exec(call.path) ?? []
  if (call.method === 'POST' && isStateVerb(verb)) return manager.setState(principal, name, verb)
  const route = routes[`${call.method} ${verb}`]
  if (route !== undefined) return route(manager, principal, name, call)
  throw new ApiError('UNIMPLEMENTED', `${call.method} ${call.path} is not played here.`)
}

function isStateVerb(verb: string): verb is StateVerb {
  return verb in states
}
