// The deployment under attack: its Pods, its frontend container, the token in it.
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
  /** Its Pod's. */
  podIP: string
  frontendImage: string
  /** Of every Pod that a request of the frontend's may come to; the first is the one to attack, at `signerIP`. */
  signers: Container[]
  signerIP: string
}

/** Where the signer is for the frontend that shares its Pod: the proxy's listener on loopback. */
export const SIGNER_IN_POD = { host: '127.0.0.1', port: 8081 }

/** Finds the Pod that both share, or one for each; with `any`, one of them if there are several. */
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
      `${counts.join(' and ')} run in namespace ${namespace}, expected one`,
      'make deploy, and wait for its end',
    )
  }
  // Where they share a Pod, the frontend's is the one that its requests come to.
  const asked = sharesPod(layout) ? [pod] : signers
  const container = (name: string, { metadata }: Pod) => ({
    ...{ namespace, pod: metadata.name, container: name },
  })
  return {
    layout,
    frontend: container('frontend', pod),
    podIP: pod.status.podIP,
    frontendImage: pod.spec.containers.find(({ name }) => name === 'frontend')?.image ?? '',
    signers: asked.map((each) => container('signer', each)),
    signerIP: (sharesPod(layout) ? pod : signer).status.podIP,
  }
}

/** Of every layout. One that is on its way out goes on serving for a while, and is left out. */
async function listPods(): Promise<Pod[]> {
  const names = layouts.flatMap(listWorkloads)
  const selector = ['-n', namespace, '-l', `app in (${names.join(',')})`]
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  const { items } = await kubectlJson(pods, ['get', 'pods', ...selector, ...running])
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** What the frontend shows to be who it is. */
export type Credentials = { token: string; pairing: KeyObject }

/**
 * Reads the frontend's credentials as somebody does who has taken it over. Throws UserError where there is no pairing: what is
 * tried with both is about one Pod.
 */
export async function stealCredentials(target: Target): Promise<Credentials> {
  if (!sharesPod(target.layout)) {
    throw new UserError(
      'frontend and signer are separate Pods here, and this is about one',
      'make matrix asks the same of both; for the rest, make undeploy, then make deploy',
    )
  }
  const secret = read('/run/pairing/secret', 'hex')
  const [token = '', pairing = ''] = await evaluateIn(target, `${readToken} + " " + ${secret}`)
  return { token, pairing: createSecretKey(pairing, 'hex') }
}

/** Where nothing else is there to be stolen, because the signer is in another Pod. */
export async function stealToken(target: Target): Promise<string> {
  const [token = ''] = await evaluateIn(target, readToken)
  return token
}

const read = (file: string, encoding: string) => `fs.readFileSync("${file}", "${encoding}")`
const readToken = read('/run/identity/token', 'utf8')

/** The words that `script` comes to in the frontend container. */
async function evaluateIn({ frontend }: Target, script: string): Promise<string[]> {
  const target = ['exec', '-n', namespace, frontend.pod, '-c', 'frontend', '--']
  return (await kubectl([...target, '/nodejs/bin/node', '-p', script])).trim().split(' ')
}
