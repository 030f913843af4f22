// The deployment under attack: its Pod, its frontend container, the token in it.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../../../cli/terminal.ts'
import { kubectl, kubectlJson } from '../../../deploy/kubectl.ts'
import { deployment, namespace } from '../../../deploy/names.ts'
import type { Container } from './containers.ts'

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), image: z.string() })),
      }),
      status: z.object({ podIP: z.string() }),
    }),
  ),
})

export type Victim = { frontend: Container; podIP: string; frontendImage: string }

/** Where the signer is for the frontend: the proxy's listener on loopback. */
export const SIGNER_IN_POD = { host: '127.0.0.1', port: 8081 }

/** Finds the Pod; with `any`, one of them if there are several. */
export async function findVictim(which: 'only' | 'any' = 'only'): Promise<Victim> {
  const selector = ['-n', namespace, '-l', `app=${deployment}`]
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  const { items } = await kubectlJson(pods, ['get', 'pods', ...selector, ...running])
  // One that is on its way out goes on serving for a while.
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const [pod, ...others] = staying
  if (pod === undefined || (which === 'only' && others.length > 0)) {
    throw new UserError(
      `${staying.length} Pods of ${deployment} run in namespace ${namespace}, expected one`,
      'make deploy, and wait for its end',
    )
  }
  const frontend = pod.spec.containers.find(({ name }) => name === 'frontend')
  return {
    frontend: { namespace, pod: pod.metadata.name, container: 'frontend' },
    podIP: pod.status.podIP,
    frontendImage: frontend?.image ?? '',
  }
}

/** What the frontend shows to be who it is. */
export type Credentials = { token: string; pairing: KeyObject }

/** Reads the frontend's credentials as somebody does who has taken it over. */
export async function stealCredentials({ frontend }: Victim): Promise<Credentials> {
  const target = ['exec', '-n', namespace, frontend.pod, '-c', 'frontend', '--']
  const read = (file: string, encoding: string) => `fs.readFileSync("${file}", "${encoding}")`
  const token = read('/run/identity/token', 'utf8')
  const script = `${token} + " " + ${read('/run/pairing/secret', 'hex')}`
  const said = await kubectl([...target, '/nodejs/bin/node', '-p', script])
  const [stolen = '', secret = ''] = said.trim().split(' ')
  return { token: stolen, pairing: createSecretKey(secret, 'hex') }
}
