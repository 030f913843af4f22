// Compares a Pod with what the API server would admit. What only schedules a Pod is no change.
import { type Change, compareOther, compareSigner, contains, isSame } from './container-changes.ts'
import { type Container, type Pod, podSchema } from './pod-schema.ts'

const capture = 'traffic.sidecar.istio.io/'
/** Istio's injection adds these. Its own ports do not go through the proxy. */
const istioDefaults = /^(include\w+=\*|excludeInboundPorts=(15020|15021|15090|,)*|\w+=)$/
/** Of Pods: what leads around the separation of containers. */
const shared = ['shareProcessNamespace', 'hostPID', 'hostNetwork', 'hostIPC'] as const
/** Of Pods: what the resources of the mesh rely on. */
const identity = ['serviceAccountName', 'hostname', 'subdomain'] as const
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
    // By the labels the mesh policies select the Pod. Istio's annotations connect the proxy with the signer.
    ...Object.entries(before.metadata.labels)
      .filter(([name, value]) => after.metadata.labels[name] !== value)
      .map(([name]) => refuse(`label ${name}`)),
    ...Object.entries(before.metadata.annotations)
      .filter(([name]) => name.includes('istio.io/') && !name.startsWith(capture))
      .filter(([name, value]) => after.metadata.annotations[name] !== value)
      .map(([name]) => refuse(`annotation ${name}`)),
    ...identity
      .filter((field) => before.spec[field] !== after.spec[field])
      .map((field) => refuse(`${field} ${after.spec[field]}`)),
    ...before.spec.volumes
      .filter((each) => !after.spec.volumes.some((other) => contains(other, each)))
      .map(({ name }) => refuse(`volume ${name}`)),
    ...network
      .filter((field) => !isSame(before.spec[field], after.spec[field]))
      .map((what) => ({ place: 'Pod', what, isRefused: false })),
  ]
}
