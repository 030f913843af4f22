// The deployment without a mesh: its Pod, and the make targets that the tests run.
import { expect } from 'vitest'
import { z } from 'zod'
import { listKeyIds } from '../../../tools/deploy/keys/entries.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { kubectlJson } from '../../../tools/kube/kubectl.ts'
import { container, deployment, namespace } from '../../../tools/kube/names.ts'
import { resourceSchema } from '../../../tools/kube/resources.ts'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import { podSchema, toPod } from '../../../tools/verify/faults/support/pods.ts'
import { runMake } from '../../support/cluster/make.ts'

export const overlay = 'OVERLAY=no-mesh'

/** Runs targets of make, which must succeed. Returns what they print. */
export async function succeed(...args: string[]): Promise<string> {
  const { code, said } = await runMake(...args)
  expect(code, said).toBe(0)
  return said
}

const pods = z.object({ items: z.array(resourceSchema) })

/** Returns the only Pod that does not terminate. */
export async function readPod() {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = await kubectlJson(pods, args)
  const [pod, ...others] = items.filter(({ metadata }) => !('deletionTimestamp' in metadata))
  if (pod === undefined || others.length > 0)
    throw new Error(`expected one Pod, found ${items.length}`)
  const spec = Object(pod.spec)
  const application: Container = { namespace, pod: pod.metadata.name, container }
  return {
    ...{ pod, spec, application, ip: Object(pod.status).podIP as string },
    image: spec.containers.find(({ name }: { name: string }) => name === container).image as string,
    containers: toPod(podSchema.parse(pod)),
  }
}
export type Deployed = Awaited<ReturnType<typeof readPod>>

/** Returns the key that signs. */
export async function readPrimary(): Promise<string> {
  const { data } = await readKeySecret()
  const [only = ''] = listKeyIds(data)
  return Buffer.from(data.primary ?? '', 'base64').toString() || only
}
