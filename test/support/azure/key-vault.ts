// Key Vault's secrets: versions that are enabled or not, for those who have a role on them.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Directory } from './directory.ts'
import { type Entra, login } from './entra.ts'
import type { Answer, Question } from './server.ts'

const resource = 'https://vault.azure.net'
const written = z.object({ value: z.string(), tags: z.record(z.string(), z.string()).optional() })
const attributes = z.object({ attributes: z.object({ enabled: z.boolean() }) })
const path = /^\/secrets\/([^/]+)(?:\/([^/]*))?$/

const refusals = {
  noToken: [401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'],
  noRole: [403, 'Forbidden', 'Caller is not authorized to perform action.', 'ForbiddenByRbac'],
  disabled: [
    403,
    'Forbidden',
    'Operation get is not allowed on a disabled secret.',
    'SecretDisabled',
  ],
  absent: [404, 'SecretNotFound', 'A secret with this name was not found.'],
} as const

type Version = { id: string; value: string; tags: unknown; isEnabled: boolean; created: number }
export type KeyVault = {
  answer: (question: Question) => Answer
  /** The id of the newest version of a secret. */
  findNewest: (secret: string) => string | undefined
}

/** `id`: the resource id of the vault, below which roles are assigned. */
export function createKeyVault(directory: Directory, entra: Entra, id: string): KeyVault {
  const secrets = new Map<string, Version[]>()
  const challenge = {
    'www-authenticate': `Bearer authorization="https://${login}/${directory.tenant}", resource="${resource}"`,
  }

  function answer({ method, url, token, body }: Question): Answer {
    const session = entra.findSession(token, resource)
    if (session === undefined) return { ...refuse('noToken'), headers: challenge }
    const [, name = '', version] = path.exec(url.pathname) ?? []
    const isAllowed = directory.allows(session.principalId, method, `${id}/secrets/${name}`)
    if (!isAllowed) return refuse('noRole')
    const versions = secrets.get(name) ?? []
    if (method === 'PUT') {
      const made = makeVersion(written.parse(JSON.parse(body)))
      secrets.set(name, [...versions, made])
      return show(url, name, made)
    }
    // Without a version Azure takes the newest one, enabled or not.
    const found = version ? versions.find((each) => each.id === version) : versions.at(-1)
    if (found === undefined) return refuse('absent')
    if (method === 'PATCH') found.isEnabled = attributes.parse(JSON.parse(body)).attributes.enabled
    else if (!found.isEnabled) return refuse('disabled')
    return show(url, name, found)
  }
  return { answer, findNewest: (secret) => secrets.get(secret)?.at(-1)?.id }
}

function makeVersion({ value, tags }: z.infer<typeof written>): Version {
  const created = Math.floor(Date.now() / 1_000)
  return { id: randomBytes(16).toString('hex'), value, tags, isEnabled: true, created }
}

function show({ origin }: URL, name: string, version: Version): Answer {
  const { id, value, tags, isEnabled: enabled, created } = version
  const attributes = { enabled, created, updated: created }
  return { status: 200, value: { id: `${origin}/secrets/${name}/${id}`, value, tags, attributes } }
}

function refuse(reason: keyof typeof refusals): Answer {
  const [status, code, message, inner] = refusals[reason]
  const innererror = inner === undefined ? {} : { innererror: { code: inner } }
  return { status, value: { error: { code, message, ...innererror } } }
}
