// make cluster: builds what the cache lacks, starts the node, installs Istio, and imports our images. It skips what is done,
// so you can run it at any time. For an overlay without a mesh, the cluster has no Istio.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { readSwitch } from '../cli/make-variables.ts'
import { elapsed, runMain, say, step } from '../cli/terminal.ts'
import { provideAppImages } from './images/app-images.ts'
import { nameNodejsImage, provideSystemImages } from './images/system-images.ts'
import { fillCache, type Ingredients } from './ingredients.ts'
import { installSystem } from './install.ts'
import { needsIstio } from './needs-istio.ts'
import { describeOrigin, findNode, type Node, startNode } from './node/node-process.ts'
import { GATEWAY_URL_FILE, KUBECONFIG, NODE_IMAGE_FILE, STATE, TOOLS, toNodePath } from './paths.ts'
import { ensurePki, writeKubeconfig } from './pki.ts'
import type { Programs } from './programs/programs.ts'
import { waitForApi, waitForSystemPods } from './ready.ts'
import { checkRequirements } from './requirements.ts'

const istioctl = join(TOOLS, 'istioctl')

await runMain(async () => {
  const start = performance.now()
  const hasIstio = needsIstio()
  await checkRequirements()
  const ingredients = await step('programs and file systems are in the cache', () =>
    fillCache(hasIstio),
  )
  const { programs, roots, istio } = ingredients
  await mkdir(STATE, { recursive: true, mode: 0o700 })
  await ensurePki()
  const node = await ensureNode(programs, roots.nodeRoot)
  await publish(node, ingredients)
  await Promise.all([
    step('the API server is ready', waitForApi),
    provideSystemImages(node, ingredients),
  ])
  await installSystem(programs, istio, readSwitch('AMBIENT'))
  // Not before: the installation refuses to remove an Istio that is in use.
  if (!hasIstio)
    await Promise.all([GATEWAY_URL_FILE, istioctl].map((each) => rm(each, { force: true })))
  await provideAppImages(node, ingredients)
  await step(`DNS ${hasIstio ? 'and Istio are' : 'is'} ready`, () => waitForSystemPods(node.since))
  say(
    `The cluster is up${hasIstio ? '' : ' without Istio'} (${elapsed(start)}). To use your own kubectl: export KUBECONFIG=${KUBECONFIG}`,
  )
})

async function ensureNode({ etcd, kubernetes }: Programs, root: string): Promise<Node> {
  const folders = {
    etcdFolder: toNodePath(etcd.folder),
    kubernetesFolder: toNodePath(kubernetes.folder),
  }
  const running = await findNode()
  if (running === undefined) return step('the node is started', () => startNode(root, folders))
  if (running.origin !== describeOrigin(root, folders)) {
    say(
      '  note  the cluster runs older versions than this checkout. To update it, run make cluster-down and then this again.',
    )
  }
  return running
}

/** Writes the files that other programs need to use the cluster, and uses the cluster in this process. */
async function publish(node: Node, ingredients: Ingredients): Promise<void> {
  const { programs, istio } = ingredients
  await writeKubeconfig(KUBECONFIG, 'admin', `https://127.0.0.1:${node.apiPort}`)
  await writeFile(NODE_IMAGE_FILE, `${nameNodejsImage(ingredients)}\n`)
  await link(programs.kubernetes.folder, 'kubectl')
  if (istio !== undefined) {
    await writeFile(GATEWAY_URL_FILE, `http://127.0.0.1:${node.gatewayPort}\n`)
    await link(istio.folder, 'istioctl')
  }
  process.env.KUBECONFIG = KUBECONFIG
  process.env.PATH = [TOOLS, process.env.PATH].join(delimiter)
}

/** Makes `name` of this cluster's version the one that make finds. */
async function link(folder: string, name: string): Promise<void> {
  await mkdir(TOOLS, { recursive: true })
  await rm(join(TOOLS, name), { force: true })
  await symlink(join(folder, name), join(TOOLS, name))
}
