// The CRDs that the overlay linkerd needs. Gateway API's come with Istio's source, by the version that go.sum proves. Linkerd's
// can be had of nobody but Linkerd: `linkerd install --crds > FILE`, and LINKERD_CRDS=FILE.
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'

const download = z.object({ Dir: z.string() })

/** A file with Linkerd's CRDs. */
export const linkerdCrds = readVariable('LINKERD_CRDS')

export async function installGatewayApi(): Promise<void> {
  const cwd = join(CHECKOUT, 'tools/local-cluster/programs/istio')
  const args = ['mod', 'download', '-json', 'sigs.k8s.io/gateway-api']
  const env = { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' }
  const { Dir } = download.parse(JSON.parse(await run('go', args, { cwd, env })))
  await installCrds([join(Dir, 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml')])
}
