// How frontend and signer are laid out, an overlay of k8s/overlays each: what is to be deployed, and what is.
import { UserError } from '../cli/terminal.ts'
import { kubectl } from './kubectl.ts'
import { deployment, namespace } from './names.ts'

/** `frontend` and `signer` name each one's Deployment, its ServiceAccount, and its Pods' label `app`. */
export type Layout = Readonly<{ overlay: string; frontend: string; signer: string }>

export const onePod: Layout = {
  overlay: 'default',
  frontend: deployment,
  signer: deployment,
}
export const separatePods: Layout = {
  overlay: 'separate-pods',
  frontend: 'frontend',
  signer: 'signer',
}
export const layouts: readonly Layout[] = [onePod, separatePods]

export function sharesPod({ frontend, signer }: Layout): boolean {
  return frontend === signer
}

export function listWorkloads({ frontend, signer }: Layout): string[] {
  return [...new Set([frontend, signer])]
}

export function overlayFolder({ overlay }: Layout): string {
  return `k8s/overlays/${overlay}`
}

/** Reads the name of an overlay; none is the default. Throws UserError for what is none. */
export function parseOverlay(name = ''): Layout {
  const found = layouts.find(({ overlay }) => overlay === (name || onePod.overlay))
  if (found !== undefined) return found
  throw new UserError(
    `OVERLAY names what is no overlay: ${name}`,
    `there are: ${layouts.map(({ overlay }) => overlay).join(', ')}`,
  )
}

/** Asks the cluster which are deployed, wholly or in part; more than one only where somebody has mixed them. */
export async function listDeployed(): Promise<Layout[]> {
  const names = layouts.flatMap(listWorkloads)
  const args = ['get', 'deployment', ...names, '-n', namespace, '--ignore-not-found', '-o', 'name']
  const said = (await kubectl(args)).split('\n')
  const isThere = (name: string) => said.includes(`deployment.apps/${name}`)
  return layouts.filter((layout) => listWorkloads(layout).some(isThere))
}

/** The one that is deployed; undefined if none is. Throws UserError if there are two. */
export async function findDeployed(): Promise<Layout | undefined> {
  const [found, ...others] = await listDeployed()
  if (others.length === 0) return found
  throw new UserError(
    `Deployments of several overlays are in namespace ${namespace}`,
    'make undeploy, which leaves the key, then make deploy with the OVERLAY that is to be there',
  )
}

/** Throws UserError if another layout than `wanted` is there: its Pods would go on with the key, and no policy for them. */
export async function checkNoOther(wanted: Layout): Promise<void> {
  const other = (await listDeployed()).find((each) => each !== wanted)
  if (other === undefined) return
  throw new UserError(
    `the overlay "${other.overlay}" is deployed, not "${wanted.overlay}"`,
    `make deploy OVERLAY=${other.overlay}; or make undeploy first, which leaves the key, and then nobody signs until make deploy OVERLAY=${wanted.overlay} is done`,
  )
}
