// Istio's CRDs of several versions, from its Go module istio.io/api.
import { join } from 'node:path'
import { fetchGoModule } from '../../../tools/local-cluster/programs/go-module.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'

/** The versions to test, each with the hash that go.sum has for it. */
const sums = {
  '1.30.8': 'h1:/weRNO9YbJsKqFibiGCjXG1i+UwNhJb3vts6ChGR554=',
  // The version of the local cluster.
  '1.31.0-rc.0.0.20260824154656-b943409680a7': 'h1:xAyXvpHQLGIMd5enneW/4zM3dwWRQ2HmiaG6DlhObds=',
  '1.32.0': 'h1:37mJvg9I0biYZAEQF+MATs4FNeCpXEIVO3LFpVb6iNM=',
}

export type IstioApiVersion = keyof typeof sums
export const istioApiVersions = Object.keys(sums) as IstioApiVersion[]

export async function installIstioCrds(version: IstioApiVersion): Promise<void> {
  const source = { module: 'istio.io/api', version: `v${version}`, sum: sums[version] }
  const folder = await fetchGoModule(source)
  await installCrds([join(folder, 'kubernetes/customresourcedefinitions.gen.yaml')])
}
