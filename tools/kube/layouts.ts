// The layouts of frontend and signer, one for each overlay in k8s/overlays. Also finds out which one is deployed.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { application } from './application.ts'
import { kubectlJsonIfAny } from './kubectl.ts'
import { deployment, namespace, serviceAccount } from './names.ts'
import { listOf } from './resources.ts'

/** `frontend` and `signer`: the names of the Deployments. `isMeshed`: it needs Istio. */
export type Layout = Readonly<{
  overlay: string
  frontend: string
  signer: string
  isMeshed: boolean
}>

export const onePod: Layout = {
  overlay: 'default',
  frontend: deployment,
  signer: deployment,
  isMeshed: true,
}
export const separatePods: Layout = {
  overlay: 'separate-pods',
  frontend: 'frontend',
  signer: 'signer',
  isMeshed: true,
}
/** One Pod, whose application calls the signer's socket. */
export const noMesh: Layout = {
  overlay: 'no-mesh',
  frontend: deployment,
  signer: deployment,
  isMeshed: false,
}
/** The layouts that the application can have. */
export const layouts: readonly Layout[] = application.isOurs
  ? [onePod, separatePods, noMesh]
  : [onePod, noMesh]
export const meshedLayouts: readonly Layout[] = layouts.filter(({ isMeshed }) => isMeshed)

const container = z.object({
  name: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
})
const deployments = listOf(
  z
    .object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        template: z.object({ spec: z.object({ containers: z.array(container) }) }),
      }),
    })
    .transform(({ metadata, spec }) => ({
      name: metadata.name,
      containers: spec.template.spec.containers,
    })),
)
type Deployment = z.infer<typeof deployments>[number]

/** Returns true if frontend and signer are containers of one Pod. Then they are paired. */
export function sharesPod({ frontend, signer }: Layout): boolean {
  return frontend === signer
}

export function listWorkloads({ frontend, signer }: Layout): string[] {
  return [...new Set([frontend, signer])]
}

/** Returns the ServiceAccount of a Deployment. Ours have the names of their Deployments. */
export function accountOf(name: string): string {
  return name === deployment ? serviceAccount : name
}

/** Returns the overlay's folder, relative to the root of the repository. */
export function overlayFolder({ overlay }: Layout): string {
  return `k8s/overlays/${overlay}`
}

/** Returns the folder with what the overlay adds to an application. */
export function layoutFolder({ overlay }: Layout): string {
  return `k8s/layouts/${overlay}`
}

/** Returns the layout of an overlay. No name means the default. Throws UserError for an unknown name. */
export function parseOverlay(name = ''): Layout {
  const found = layouts.find(({ overlay }) => overlay === (name || onePod.overlay))
  if (found !== undefined) return found
  if (name === separatePods.overlay) {
    throw new UserError(
      `OVERLAY=${name} is only for our own frontend, not for ${application.file}`,
      'Leave it out. The signer runs in the Pod of your application.',
    )
  }
  throw new UserError(
    `OVERLAY=${name} does not exist`,
    `Use one of ${layouts.map(({ overlay }) => overlay).join(', ')}.`,
  )
}

/** Lists the layouts that have a Deployment on the cluster. There is more than one only if somebody mixed them. */
export async function listDeployed(): Promise<Layout[]> {
  const names = [...new Set(layouts.flatMap(listWorkloads))]
  const args = ['get', 'deployment', ...names, '-n', namespace, '--ignore-not-found', '-o', 'json']
  const found = (await kubectlJsonIfAny(deployments, args)) ?? []
  return layouts.filter((layout) => found.some((each) => isOf(each, layout)))
}

/** Layouts with one Pod differ in who connects to the signer. */
function isOf({ name, containers }: Deployment, layout: Layout): boolean {
  if (!listWorkloads(layout).includes(name)) return false
  if (!sharesPod(layout)) return true
  // The Deployment of an application may be there before it gets its signer.
  const signer = containers.find((each) => each.name === 'signer')
  const isCalledByContainer = signer?.env.some(
    (each) => each.name === 'SIGNER_PEER' && each.value === 'container',
  )
  return isCalledByContainer === !layout.isMeshed
}

/** Returns the deployed layout, or undefined. Throws UserError if there are two. */
export async function findDeployed(): Promise<Layout | undefined> {
  const [found, ...others] = await listDeployed()
  if (others.length === 0) return found
  throw new UserError(
    `namespace ${namespace} has Deployments of several overlays`,
    'Run `make undeploy`, which keeps the key. Then run `make deploy` with the OVERLAY that you want.',
  )
}

/** Throws UserError if another layout is deployed. Its Pods would keep the key, but lose their policies. */
export async function checkNoOtherLayout(wanted: Layout): Promise<void> {
  const other = (await listDeployed()).find((each) => each !== wanted)
  if (other === undefined) return
  throw new UserError(
    `the overlay "${other.overlay}" is deployed, not "${wanted.overlay}"`,
    `Run \`make deploy OVERLAY=${other.overlay}\` to keep it. To change it, run \`make undeploy\` and \`make deploy OVERLAY=${wanted.overlay}\`. The key stays, and nothing is signed in between.`,
  )
}
