// Secret Manager's secrets, their versions and their policies. It has what docs/key-managers.md uses.
import { ApiError } from './api-error.ts'

/** The state of a version after each of these verbs. */
export const states = { enable: 'ENABLED', disable: 'DISABLED', destroy: 'DESTROYED' } as const
export type StateVerb = keyof typeof states
export type Policy = { bindings: { role: string; members: string[] }[] }
type Version = { state: (typeof states)[StateVerb]; data: Buffer }
type Secret = { versions: Version[]; policy: Policy }
/** Whose request it is, as a policy names it. */
export type Principal = string
/** Has all rights on every secret. */
export const OWNER: Principal = 'user:owner'
export type SecretManager = ReturnType<typeof createSecretManager>

const ACCESS = 'secretmanager.versions.access'
const READER = 'roles/secretmanager.secretAccessor'

/** Each function takes the resource's name, e.g. "projects/p/secrets/s/versions/latest", and throws ApiError. */
export function createSecretManager() {
  const secrets = new Map<string, Secret>()

  function demand(principal: Principal, permission: string, name: string): void {
    if (principal === OWNER) return
    if (permission === ACCESS && mayRead(secrets.get(name), principal)) return
    const where = `for resource '${name}' (or it may not exist)`
    throw new ApiError('PERMISSION_DENIED', `Permission '${permission}' denied ${where}.`)
  }

  /** Returns the secret `name` if the principal has that permission on it. */
  function find(principal: Principal, permission: string, name: string): Secret {
    demand(principal, permission, name)
    const secret = secrets.get(name)
    if (secret !== undefined) return secret
    throw new ApiError('NOT_FOUND', `Secret [${name}] not found.`)
  }

  /** As Google, and not as emulators of it: "latest" is the newest version, whatever its state. */
  function findVersion(principal: Principal, permission: string, name: string) {
    const [secretName = '', number = ''] = name.split('/versions/')
    const { versions } = find(principal, permission, secretName)
    const at = number === 'latest' ? versions.length : Number(number)
    const version = versions[at - 1]
    const found = `${secretName}/versions/${at}`
    if (version !== undefined) return { name: found, version }
    throw new ApiError('NOT_FOUND', `Secret Version [${name}] not found.`)
  }

  return {
    create: (principal: Principal, name: string) => {
      demand(principal, 'secretmanager.secrets.create', name)
      if (secrets.has(name))
        throw new ApiError('ALREADY_EXISTS', `Secret [${name}] already exists.`)
      secrets.set(name, { versions: [], policy: { bindings: [] } })
      return { name, replication: { automatic: {} } }
    },
    addVersion: (principal: Principal, name: string, data: Buffer) => {
      const { versions } = find(principal, 'secretmanager.versions.add', name)
      const count = versions.push({ state: 'ENABLED', data })
      return { name: `${name}/versions/${count}`, state: 'ENABLED' }
    },
    access: (principal: Principal, name: string) => {
      const { version, name: found } = findVersion(principal, ACCESS, name)
      const { state, data } = version
      if (state === 'ENABLED') return { name: found, data }
      throw new ApiError('FAILED_PRECONDITION', `Secret Version [${found}] is in ${state} state.`)
    },
    setState: (principal: Principal, name: string, verb: StateVerb) => {
      const permission = `secretmanager.versions.${verb}`
      const { version, name: found } = findVersion(principal, permission, name)
      if (version.state === 'DESTROYED') {
        throw new ApiError('FAILED_PRECONDITION', `Secret Version [${found}] is DESTROYED.`)
      }
      version.state = states[verb]
      if (verb === 'destroy') version.data = Buffer.alloc(0)
      return { name: found, state: version.state }
    },
    getPolicy: (principal: Principal, name: string) =>
      find(principal, 'secretmanager.secrets.getIamPolicy', name).policy,
    setPolicy: (principal: Principal, name: string, policy: Policy) => {
      const secret = find(principal, 'secretmanager.secrets.setIamPolicy', name)
      secret.policy = policy
      return policy
    },
  }
}

function mayRead(secret: Secret | undefined, principal: string): boolean {
  const bindings = secret?.policy.bindings ?? []
  return bindings.some(({ role, members }) => role === READER && members.includes(principal))
}
