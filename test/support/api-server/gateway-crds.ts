// The CRDs of the Kubernetes Gateway API, from Istio's Go module, and Linkerd's from the file LINKERD_CRDS.
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'

const download = z.object({ Dir: z.string() })

/** A file with Linkerd's CRDs. */
export const linkerdCrds = readVariable('LINKERD_CRDS')

/** Installs the standard channel for the kinds that we use. Returns the function that removes it. */
export async function installGatewayApi(): Promise<() => Promise<void>> {
  const cwd = join(CHECKOUT, 'tools/local-cluster/programs/istio')
  const args = ['mod', 'download', '-json', 'sigs.k8s.io/gateway-api']
  const env = { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' }
  const { Dir } = download.parse(JSON.parse(await run('go', args, { cwd, env })))
  const kinds = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants', 'grpcroutes']
  const nameFile = (kind: string) => `config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`
  return installCrds(kinds.map((kind) => join(Dir, nameFile(kind))))
}
