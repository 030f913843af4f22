// Changes the mesh-wide configuration of the local cluster's istiod, which reads it again without a restart.
import { parse, stringify } from 'yaml'
import { kubectl } from '../../../tools/kube/kubectl.ts'

const place = ['configmap', 'istio', '-n', 'istio-system']

/** Sets these fields, and returns a function that restores what was there. */
export async function setMeshConfig(fields: Record<string, unknown>): Promise<() => Promise<void>> {
  const before = await kubectl(['get', ...place, '-o', 'jsonpath={.data.mesh}'])
  const write = async (mesh: string) => {
    await kubectl(['patch', ...place, '--type=merge', '-p', JSON.stringify({ data: { mesh } })])
  }
  await write(stringify({ ...parse(before), ...fields }))
  return () => write(before)
}
