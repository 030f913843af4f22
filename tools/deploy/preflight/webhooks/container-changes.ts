// What a webhook changed in a container of ours, and whether it then still starts and signs.
import { isDeepStrictEqual } from 'node:util'
import type { Container } from './pod-schema.ts'

/** `place`: the container, or "Pod". `isRefused`: with it the Pod does not start, or does not sign. */
export type Change = { place: string; what: string; isRefused: boolean }

/** Variables that load code or lead traffic elsewhere. */
const powerful =
  /^(NODE_|LD_|JAVA_TOOL_OPTIONS$|OPENSSL_|SSL_CERT_|PYTHON|RUBYOPT$|DOTNET_|CORECLR_|\w*_proxy$)/i
/** Of containers: what runs, and as whom. */
const commands = ['command', 'args', 'workingDir', 'lifecycle'] as const
const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** The admission policies refuse all of this in the container with the key. */
export function compareSigner(before: Container, after: Container): Change[] {
  const place = before.name
  const refuse = (what: string) => ({ place, what, isRefused: true })
  const ports = { place, what: 'ports', isRefused: false }
  return [
    ...listAdded(before.env, after.env, ({ name }) => name).map((name) => refuse(`env ${name}`)),
    ...(isSame(before.envFrom, after.envFrom) ? [] : [refuse('envFrom')]),
    ...listMounts(before, after).map((path) => refuse(`volumeMount ${path}`)),
    ...(isSame(before.volumeDevices, after.volumeDevices) ? [] : [refuse('volumeDevices')]),
    ...commands.filter((field) => !isSame(before[field], after[field])).map(refuse),
    // Istio rewrites probes that send requests.
    ...probes
      .filter((field) => 'exec' in Object(after[field]) && !('exec' in Object(before[field])))
      .map((field) => refuse(`${field}.exec`)),
    ...(repositoryOf(before.image) === repositoryOf(after.image)
      ? []
      : [refuse(`image ${after.image}`)]),
    ...(isSame(before.resources.claims, after.resources.claims)
      ? []
      : [refuse('resources.claims')]),
    ...(before.terminationMessagePath === after.terminationMessagePath
      ? []
      : [refuse('terminationMessagePath')]),
    ...(before.ports.length === after.ports.length ? [] : [ports]),
    ...compareRights(before, after),
  ]
}

/** Of the frontend only what runs code in it or leads its requests elsewhere. */
export function compareOther(before: Container, after: Container): Change[] {
  const place = before.name
  const note = (what: string) => ({ place, what, isRefused: false })
  const own = before.env.map(({ name }) => name)
  return [
    ...listAdded(before.env, after.env, ({ name }) => name)
      .filter((name) => powerful.test(name) || own.includes(name))
      .map((name) => note(`env ${name}`)),
    ...(isSame(before.envFrom, after.envFrom) ? [] : [note('envFrom')]),
    ...listMounts(before, after).map((path) => note(`volumeMount ${path}`)),
    ...commands.filter((field) => !isSame(before[field], after[field])).map(note),
    ...(before.image === after.image ? [] : [note(`image ${after.image}`)]),
    ...compareRights(before, after),
  ]
}

function compareRights(before: Container, after: Container): Change[] {
  return Object.keys({ ...before.securityContext, ...after.securityContext })
    .filter((field) => !isSame(before.securityContext[field], after.securityContext[field]))
    .filter((field) => field !== 'procMount')
    .map((field) => ({ place: before.name, what: `securityContext.${field}`, isRefused: false }))
}

export const isSame = (before: unknown, after: unknown) => isDeepStrictEqual(before, after)

/** True if `after` has everything that `before` has. The API server adds defaults. */
export function contains(after: unknown, before: unknown): boolean {
  if (typeof before !== 'object' || before === null) return after === before
  return Object.entries(before).every(([key, inner]) => contains(Object(after)[key], inner))
}

const listMounts = (before: Container, after: Container) =>
  listAdded(before.volumeMounts, after.volumeMounts, ({ mountPath }) => mountPath)

/** Returns the names of what is new or different. */
function listAdded<T>(before: readonly T[], after: readonly T[], nameOf: (each: T) => string) {
  const isOld = (each: T) =>
    before.some((other) => isSame(withoutDefaults(other), withoutDefaults(each)))
  const lost = before.filter((each) => !after.some((other) => nameOf(other) === nameOf(each)))
  return [...after.filter((each) => !isOld(each)), ...lost].map(nameOf)
}

/** The API server fills this in. */
function withoutDefaults(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"apiVersion":"v1",', ''))
}

function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}
