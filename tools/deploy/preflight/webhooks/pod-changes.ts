// Compares a Pod with what the API server would admit, and judges each change. What only schedules a Pod is none.
import { isDeepStrictEqual } from 'node:util'
import { type Container, type Pod, podSchema } from './pod-schema.ts'

/** `place`: the container, or "Pod". `isRefused`: with it the Pod does not start, or does not sign. */
export type Change = { place: string; what: string; isRefused: boolean }

/** Variables that load code or lead traffic elsewhere. */
const powerful =
  /^(NODE_|LD_|JAVA_TOOL_OPTIONS$|OPENSSL_|SSL_CERT_|PYTHON|RUBYOPT$|DOTNET_|CORECLR_|\w*_proxy$)/i
/** Of containers: what runs, and as whom. */
const commands = ['command', 'args', 'workingDir', 'lifecycle'] as const
const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const capture = 'traffic.sidecar.istio.io/'
/** Istio's injection adds these. Its own ports do not go through the proxy. */
const istioDefaults = /^(include\w+=\*|excludeInboundPorts=(15020|15021|15090|,)*|\w+=)$/
/** Of Pods: what leads around the separation of containers. */
const shared = ['shareProcessNamespace', 'hostPID', 'hostNetwork', 'hostIPC'] as const
const network = ['hostAliases', 'dnsConfig', 'runtimeClassName'] as const

/** Returns the changes of our containers, and what others than Istio added. `keyVolume`: the volume of the key in `sent`. */
export function findChanges(sent: unknown, admitted: unknown, keyVolume: string): Change[] {
  const [before, after] = [podSchema.parse(sent), podSchema.parse(admitted)]
  const mountsKey = ({ volumeMounts }: Container) =>
    volumeMounts.some(({ name }) => name === keyVolume)
  return [
    ...before.spec.containers.flatMap((each) => {
      const found = after.spec.containers.find(({ name }) => name === each.name)
      if (found === undefined) return [{ place: each.name, what: 'is removed', isRefused: true }]
      return mountsKey(each) ? compareSigner(each, found) : compareOther(each, found)
    }),
    ...findAdditions(before, after).map(({ field, container }) => ({
      place: 'Pod',
      what: `${field === 'containers' ? 'container' : 'init container'} ${container.name}`,
      isRefused: mountsKey(container),
    })),
    ...comparePods(before, after),
  ]
}

/** The admission policies refuse all of this in the container with the key. */
function compareSigner(before: Container, after: Container): Change[] {
  const place = before.name
  const refuse = (what: string) => ({ place, what, isRefused: true })
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
    ...compareRights(before, after),
  ]
}

/** Of the frontend only what runs code in it or leads its requests elsewhere. */
function compareOther(before: Container, after: Container): Change[] {
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

/** Containers that neither we nor Istio have. Istio lists its own in an annotation. */
function findAdditions(before: Pod, after: Pod) {
  const istio = after.metadata.annotations['sidecar.istio.io/status'] ?? ''
  return (['containers', 'initContainers'] as const).flatMap((field) => {
    const known = before.spec[field].map(({ name }) => name)
    return after.spec[field]
      .filter(({ name }) => !known.includes(name) && !istio.includes(`"${name}"`))
      .map((container) => ({ field, container }))
  })
}

function comparePods(before: Pod, after: Pod): Change[] {
  const refuse = (what: string) => ({ place: 'Pod', what, isRefused: true })
  const bypasses = Object.entries(after.metadata.annotations)
    .filter(
      ([name, value]) => name.startsWith(capture) && before.metadata.annotations[name] !== value,
    )
    .filter(([name, value]) => !istioDefaults.test(`${name.slice(capture.length)}=${value}`))
    .map(([name]) => name)
  return [
    ...shared
      .filter((field) => after.spec[field] === true && before.spec[field] !== true)
      .map(refuse),
    ...bypasses.map((name) => refuse(`annotation ${name}`)),
    // By these the mesh policies select the Pod, and know its identity.
    ...Object.entries(before.metadata.labels)
      .filter(([name, value]) => after.metadata.labels[name] !== value)
      .map(([name]) => refuse(`label ${name}`)),
    ...(before.spec.serviceAccountName === after.spec.serviceAccountName
      ? []
      : [refuse(`serviceAccountName ${after.spec.serviceAccountName}`)]),
    ...network
      .filter((field) => !isSame(before.spec[field], after.spec[field]))
      .map((what) => ({ place: 'Pod', what, isRefused: false })),
  ]
}

const isSame = (before: unknown, after: unknown) => isDeepStrictEqual(before, after)
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
