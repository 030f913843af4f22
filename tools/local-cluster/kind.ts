// make kind: creates a kind cluster in Docker, installs a stock Istio, and loads both images. It skips what exists. It needs
// Docker, kind, istioctl and kubectl. For an overlay without a mesh, it needs no istioctl and installs no Istio. With the argument
// `delete` (make cluster-delete CLUSTER=kind) it deletes the cluster.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { run, tryRun } from '../cli/exec.ts'
import { elapsed, runMain, say, step, UserError } from '../cli/terminal.ts'
import { buildImages } from '../images/build-images.ts'
import { readReason } from '../images/builder-errors.ts'
import { createBuild } from '../images/image-builder.ts'
import { formatReference } from '../images/image-references.ts'
import { needsIstio } from './needs-istio.ts'
import { KIND_KUBECONFIG, STATE } from './paths.ts'
import { isThere } from './requirements.ts'

const CLUSTER = 'secure-signing'
const programs = {
  kind: 'https://kind.sigs.k8s.io',
  istioctl: 'https://istio.io/latest/docs/setup/getting-started (1.30.4 or newer)',
  kubectl: 'https://kubernetes.io/docs/tasks/tools',
}
const ISTIO = join(CHECKOUT, 'tools/local-cluster/kind-istio.yaml')

await runMain(process.argv[2] === 'delete' ? remove : create)

async function create(): Promise<void> {
  const start = performance.now()
  const hasIstio = needsIstio()
  await requireDocker()
  for (const [program, origin] of Object.entries(programs)) {
    if ((program === 'istioctl' && !hasIstio) || (await isThere(program))) continue
    throw new UserError(`${program} is not on the PATH`, `Install it: ${origin}`)
  }
  await mkdir(STATE, { recursive: true, mode: 0o700 })
  process.env.KUBECONFIG = KIND_KUBECONFIG
  await ensureCluster()
  if (hasIstio) {
    await step('Istio is installed with its CNI plugin', () =>
      run('istioctl', ['install', '--skip-confirmation', '--filename', ISTIO]),
    )
  }
  const images = (await buildImages({ build: createBuild('docker') })).map(formatReference)
  await step('the images are loaded', () =>
    run('kind', ['load', 'docker-image', ...images, '--name', CLUSTER]),
  )
  say(`The cluster is up (${elapsed(start)}). Give CLUSTER=kind to deploy, smoke and matrix.`)
  say(`To use your own kubectl: export KUBECONFIG=${KIND_KUBECONFIG}`)
  say('To delete the cluster with its key: make cluster-delete CLUSTER=kind')
}

async function remove(): Promise<void> {
  await requireDocker()
  if (!(await isThere('kind'))) {
    throw new UserError('kind is not on the PATH', `Install it: ${programs.kind}`)
  }
  await step('the kind cluster is deleted', () =>
    run('kind', ['delete', 'cluster', '--name', CLUSTER, '--kubeconfig', KIND_KUBECONFIG]),
  )
}

/** The docker client builds nothing without an engine. */
async function requireDocker(): Promise<void> {
  const { code, stderr } = await tryRun('docker', ['info'], { timeoutMs: 20_000 })
  if (code === 0) return
  const why =
    code === 127 ? 'docker is not installed' : readReason(stderr) || '`docker info` has no answer'
  const todo = /permission denied/i.test(why)
    ? 'Add your user to the group docker and log in again, or run make as root.'
    : 'Install Docker, and start its engine.'
  throw new UserError(`Docker does not work: ${why}`, todo)
}

async function ensureCluster(): Promise<void> {
  const { stdout } = await tryRun('kind', ['get', 'clusters'])
  const isUp = stdout.split('\n').includes(CLUSTER)
  const args = isUp ? ['export', 'kubeconfig'] : ['create', 'cluster', '--wait', '180s']
  await step(isUp ? 'the cluster exists' : 'the cluster is created', () =>
    run('kind', [...args, '--name', CLUSTER, '--kubeconfig', KIND_KUBECONFIG]),
  )
}
