// What a measurement in a scratch namespace found, and how to run one.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../cli/checkout.ts'
import { CommandError, tryRun } from '../../cli/exec.ts'
import { application } from '../../kube/application.ts'
import { formatResources, type Resource } from '../../kube/resources.ts'
import type { AskedFor, Report } from '../matrix/report.ts'
import { gatewayName, moveHost } from './isolate.ts'

export type Measured = Pick<
  Report,
  'callers' | 'cells' | 'notes' | 'requests' | 'unauthorizedSignatures'
>

const program = join(CHECKOUT, 'tools/verify/scratch/measure.ts')
const limitMs = 300_000
/** Settings of the live deployment. The scratch namespace has a gateway of its own. */
const live = ['GATEWAY', 'GATEWAY_URL', 'GATEWAY_SELECTOR', 'GATEWAY_CACERT', 'PUBLIC_HOST']

/**
 * Measures the deployment in `namespace`, where `resources` are. `host`: the live host of the application, undefined for every
 * host. Writes to `folder`.
 */
export async function measureScratch(input: {
  namespace: string
  resources: readonly Resource[]
  host: string | undefined
  more: readonly AskedFor[]
  folder: string
  /** Ends the measurement. */
  signal: AbortSignal
}): Promise<Measured> {
  const { namespace, resources, host, more, folder, signal } = input
  await mkdir(folder, { recursive: true })
  const [config, out] = ['signing.yaml', 'measured.json'].map((name) => join(folder, name))
  await writeFile(join(folder, 'resources.yaml'), formatResources(resources))
  await writeFile(config ?? '', stringify(composeConfig(namespace)))
  const others = Object.entries(process.env).filter(([name]) => !live.includes(name))
  const env = {
    ...Object.fromEntries(others),
    ...{ CONFIG: config, OUT: out, OVERLAY: '', COMPONENTS: '' },
    GATEWAY: `${namespace}/${gatewayName}`,
    ...(host !== undefined && { PUBLIC_HOST: moveHost(host, namespace) }),
  }
  const args = [program, JSON.stringify(more)]
  const result = await tryRun(process.execPath, args, { env, timeoutMs: limitMs, signal })
  if (result.code !== 0) throw new CommandError('the measurement', result)
  return JSON.parse(await readFile(out ?? '', 'utf8'))
}

/** Names and ports are those of the application. */
function composeConfig(namespace: string) {
  const { deployment, container, serviceAccount, service, port, routes, smoke } = application
  return {
    ...{ namespace, resources: ['resources.yaml'], deployment, container, serviceAccount, service },
    ...{ port, routes, egress: [], ...(smoke && { smoke }) },
  }
}
