// make kind: a cluster in Docker by kind, with a stock Istio and our images. What is there already is passed over. It needs a
// Docker engine, kind, istioctl and kubectl, which it does not bring. Never run where this was written.
// CLUSTER: kind, and every target is about that cluster.
import { mkdir } from 'node:fs/promises'
import { run, tryRun } from '../cli/exec.ts'
import { elapsed, runMain, say, step, UserError } from '../cli/terminal.ts'
import { buildImages } from '../images/build-images.ts'
import { createBuild } from '../images/image-builder.ts'
import { formatReference } from '../images/image-references.ts'
import { KIND_KUBECONFIG, STATE } from './paths.ts'
import { isThere } from './requirements.ts'

const CLUSTER = 'secure-signing'
/** Program → where it is from. */
const programs = {
  kind: 'https://kind.sigs.k8s.io',
  istioctl: 'https://istio.io/latest/docs/setup/getting-started (1.30.4 or newer)',
  kubectl: 'https://kubernetes.io/docs/tasks/tools',
}
/** The default profile, and the CNI plugin: the namespace enforces Pod Security `restricted`. */
const istioArgs = ['components.cni.enabled=true', 'values.pilot.cni.enabled=true']

await runMain(async () => {
  const start = performance.now()
  await requireDocker()
  for (const [program, origin] of Object.entries(programs)) {
    if (await isThere(program)) continue
    throw new UserError(`there is no ${program}`, `install it: ${origin}`)
  }
  await mkdir(STATE, { recursive: true, mode: 0o700 })
  process.env.KUBECONFIG = KIND_KUBECONFIG
  await ensureCluster()
  await step('install Istio with its CNI plugin', () =>
    run('istioctl', [
      ...['install', '--skip-confirmation'],
      ...istioArgs.flatMap((each) => ['--set', each]),
    ]),
  )
  const images = (await buildImages({ build: createBuild('docker') })).map(formatReference)
  await step('the node has the images', () =>
    run('kind', ['load', 'docker-image', ...images, '--name', CLUSTER]),
  )
  say(
    `the cluster is up (${elapsed(start)}); deploy, smoke, matrix and test take CLUSTER=kind, too`,
  )
  say(`for your own kubectl: export KUBECONFIG=${KIND_KUBECONFIG}`)
  say(`to delete it, the key included: kind delete cluster --name ${CLUSTER}`)
})

/** The client alone builds nothing. */
async function requireDocker(): Promise<void> {
  const { code, stderr } = await tryRun('docker', ['info'], { timeoutMs: 20_000 })
  if (code === 0) return
  const why = code === 127 ? 'docker is not installed' : stderr.trim().split('\n').at(-1)
  throw new UserError(`there is no Docker engine: ${why}`, 'install Docker, and start its engine')
}

async function ensureCluster(): Promise<void> {
  const { stdout } = await tryRun('kind', ['get', 'clusters'])
  const isUp = stdout.split('\n').includes(CLUSTER)
  const args = isUp ? ['export', 'kubeconfig'] : ['create', 'cluster', '--wait', '180s']
  await step(isUp ? 'the cluster is there' : 'make a cluster in Docker', () =>
    run('kind', [...args, '--name', CLUSTER, '--kubeconfig', KIND_KUBECONFIG]),
  )
}
