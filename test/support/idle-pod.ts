// A Pod that does nothing, in whose network or container a test attempts something.
import type { Resource } from '../../tools/kube/resources.ts'
import { confined, makePod } from '../../tools/verify/admission/pods.ts'
import type { Container } from '../../tools/verify/attack/containers.ts'

/** `image`: one of ours, which has Node. No mesh injects a proxy. */
export function composeIdlePod(
  { namespace, pod, container }: Container,
  image: string,
  labels: Readonly<Record<string, string>> = {},
): Resource {
  const command = ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e9)']
  const containers = [{ name: container, image, command, ...confined }]
  const { metadata, ...rest } = makePod({ containers, serviceAccountName: 'default' }, pod)
  const all = { 'sidecar.istio.io/inject': 'false', ...labels }
  return { ...rest, metadata: { ...metadata, namespace, labels: all } }
}
