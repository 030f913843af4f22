// The deployment under attack: its Pods, and the frontend's credentials.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, layouts, listWorkloads, onePod, sharesPod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import type { Container } from './containers.ts'

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.object({ app: z.string() }),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), image: z.string() })),
      }),
      status: z.object({ podIP: z.string() }),
    }),
  ),
})

type Pod = z.infer<typeof pods>['items'][number]

export type Target = {
  layout: Layout
  frontend: Container
  /** The address of the frontend's Pod. */
  podIP: string
  frontendImage: string
  /** The signers that the frontend's requests can reach. Attacks go to the first, at `signerIP`. */
  signers: Container[]
  signerIP: string
}

/** The signer's address inside a shared Pod: the proxy's listener on loopback. */
export const SIGNER_IN_POD = { host: '127.0.0.1', port: 8081 }

/** Finds the Pod of both services, or one Pod for each. `any` takes one of several Pods. */
export async function findTarget(which: 'only' | 'any' = 'only'): Promise<Target> {
  const all = await listPods()
  const of = (name: string) => all.filter(({ metadata }) => metadata.labels.app === name)
  const layout = layouts.find(({ signer }) => of(signer).length > 0) ?? onePod
  const [frontends, signers] = [of(layout.frontend), of(layout.signer)]
  const [pod, ...others] = frontends
  const [signer, ...otherSigners] = signers
  const hasSeveral = others.length + otherSigners.length > 0
  if (pod === undefined || signer === undefined || (which === 'only' && hasSeveral)) {
    const counts = listWorkloads(layout).map((name) => `${of(name).length} Pods of ${name}`)
    throw new UserError(
      `expected one Pod in the namespace ${namespace}, found ${counts.join(' and ')}`,
      'Run `make deploy`, and wait until it ends.',
    )
  }
  // In a shared Pod, the frontend's requests reach only the signer beside it.
  const reached = sharesPod(layout) ? [pod] : signers
  const container = (name: string, { metadata }: Pod) => ({
    ...{ namespace, pod: metadata.name, container: name },
  })
  return {
    layout,
    frontend: container('frontend', pod),
    podIP: pod.status.podIP,
    frontendImage: pod.spec.containers.find(({ name }) => name === 'frontend')?.image ?? '',
    signers: reached.map((each) => container('signer', each)),
    signerIP: (sharesPod(layout) ? pod : signer).status.podIP,
  }
}

/** Lists the Pods of every layout, without those that terminate. They may still serve. */
async function listPods(): Promise<Pod[]> {
  const names = layouts.flatMap(listWorkloads)
  const selector = ['-n', namespace, '-l', `app in (${names.join(',')})`]
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  const { items } = await kubectlJson(pods, ['get', 'pods', ...selector, ...running])
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** What the frontend shows to prove its identity. */
export type Credentials = { token: string; pairing: KeyObject }

/** Reads the credentials as a compromised frontend can. Throws UserError for separate Pods, which have no pairing. */
export async function stealCredentials(target: Target): Promise<Credentials> {
  if (!sharesPod(target.layout)) {
    throw new UserError(
      'frontend and signer run in separate Pods, which have no pairing secret',
      'Run `make undeploy`, then `make deploy`. Or run `make matrix`, which measures both layouts.',
    )
  }
  const secret = read('/run/pairing/secret', 'hex')
  const [token = '', pairing = ''] = await evaluateIn(
    target.frontend,
    `${readToken} + " " + ${secret}`,
  )
  return { token, pairing: createSecretKey(pairing, 'hex') }
}

/** Reads the token for the signer that is mounted into a container. */
export async function readOwnToken(from: Container): Promise<string> {
  const [token = ''] = await evaluateIn(from, readToken)
  return token
}

const read = (file: string, encoding: string) => `fs.readFileSync("${file}", "${encoding}")`
const readToken = read('/run/identity/token', 'utf8')

/** Evaluates `script` in a container, and splits the result into words. */
async function evaluateIn(from: Container, script: string): Promise<string[]> {
  const exec = ['exec', '-n', from.namespace, from.pod, '-c', from.container, '--']
  return (await kubectl([...exec, '/nodejs/bin/node', '-p', script])).trim().split(' ')
}
