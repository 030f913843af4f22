// make cluster: builds what the cache lacks, starts the node, installs Istio, and imports our images. It skips what is done,
// so you can run it at any time.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { elapsed, runMain, say, step } from '../cli/terminal.ts'
import { provideAppImages } from './images/app-images.ts'
import { fetchNodejs } from './images/nodejs.ts'
import { buildRootFileSystems } from './images/root-file-systems.ts'
import { type Ingredients, nameNodejsImage, provideSystemImages } from './images/system-images.ts'
import { installSystem } from './install.ts'
import { describeOrigin, findNode, type Node, startNode } from './node/node-process.ts'
import { GATEWAY_URL_FILE, KUBECONFIG, NODE_IMAGE_FILE, STATE, TOOLS, toNodePath } from './paths.ts'
import { ensurePki, writeKubeconfig } from './pki.ts'
import { fetchEnvoy } from './programs/envoy.ts'
import { buildPrograms, type Programs } from './programs/programs.ts'
import { waitForApi, waitForSystemPods } from './ready.ts'
import { checkRequirements } from './requirements.ts'

await runMain(async () => {
  const start = performance.now()
  await checkRequirements()
  const ingredients = await step('programs and file systems are in the cache', fillCache)
  const { programs, roots } = ingredients
  await mkdir(STATE, { recursive: true, mode: 0o700 })
  await ensurePki()
  const node = await ensureNode(programs, roots.nodeRoot)
  await publish(node, programs, nameNodejsImage(ingredients))
  await Promise.all([
    step('the API server is ready', waitForApi),
    provideSystemImages(node, ingredients),
  ])
  await installSystem(programs, readSwitch('AMBIENT'))
  await provideAppImages(node, ingredients)
  await step('DNS and Istio are ready', () => waitForSystemPods(node.since))
  say(
    `The cluster is up (${elapsed(start)}). To use your own kubectl: export KUBECONFIG=${KUBECONFIG}`,
  )
})

async function fillCache(): Promise<Ingredients> {
  return {
    roots: await buildRootFileSystems(),
    envoy: await fetchEnvoy(),
    nodejs: await fetchNodejs(),
    programs: await buildPrograms(readVariable('ISTIO')),
  }
}

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
async function publish(node: Node, { kubernetes, istio }: Programs, nodejs: string): Promise<void> {
  await writeKubeconfig(KUBECONFIG, 'admin', `https://127.0.0.1:${node.apiPort}`)
  await writeFile(GATEWAY_URL_FILE, `http://127.0.0.1:${node.gatewayPort}\n`)
  await writeFile(NODE_IMAGE_FILE, `${nodejs}\n`)
  await rm(TOOLS, { recursive: true, force: true })
  await mkdir(TOOLS)
  await symlink(join(kubernetes.folder, 'kubectl'), join(TOOLS, 'kubectl'))
  await symlink(join(istio.folder, 'istioctl'), join(TOOLS, 'istioctl'))
  process.env.KUBECONFIG = KUBECONFIG
  process.env.PATH = [TOOLS, process.env.PATH].join(delimiter)
}
