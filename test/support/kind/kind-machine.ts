// A machine on which `make up CLUSTER=kind` works as for a user: with Docker, kind, istioctl and kubectl, and with the images that
// others pull.
import { chmod, copyFile, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { defaultBase } from '../../../tools/images/image-builder.ts'
import { fetchNodejs } from '../../../tools/local-cluster/images/nodejs.ts'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { fetchEnvoy } from '../../../tools/local-cluster/programs/envoy.ts'
import { buildIstio, buildPrograms } from '../../../tools/local-cluster/programs/programs.ts'
import { buildTestPrograms } from '../programs/programs.ts'
import { buildArchives } from './images.ts'
import { type Machine, startMachine } from './machine.ts'
import { buildMachineRoot } from './machine-root.ts'
import { buildNodeImage, ISTIO_HUB } from './node-image.ts'

const NODE_IMAGE = 'kindest/node:made-here'
const BIN = '/kind/bin'

export async function startKindMachine(): Promise<Machine> {
  const root = await buildMachineRoot()
  const roots = await buildRootFileSystems()
  const programs = await buildPrograms()
  const istio = { ...(await buildIstio()), envoy: await fetchEnvoy() }
  const kind = await buildTestPrograms('kind')
  const kindNode = await buildTestPrograms('kind-node')
  const nodeImage = await buildNodeImage({ programs, kindNode, istio, roots })
  const machine = await startMachine(root, `${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`)
  try {
    await mkdir(join(machine.folder, 'bin'))
    await install(machine, 'kubectl', `exec ${programs.kubernetes.folder}/kubectl "$@"`)
    await install(machine, 'kind', withNodeImage(`${kind}/kind`))
    await install(machine, 'istioctl', withImages(`${istio.folder}/istioctl`, istio.tag))
    for (const name of ['cluster.yaml', 'istio.yaml']) {
      await copyFile(join(import.meta.dirname, name), join(machine.folder, name))
    }
    await importNodeImage(machine, nodeImage)
    await loadBaseImage(machine, roots.nodejsBase, roots.nodeRoot)
    return machine
  } catch (error) {
    await machine.stop()
    throw error
  }
}

async function install(machine: Machine, name: string, script: string): Promise<void> {
  const path = join(machine.folder, 'bin', name)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
}

/** kind, with the image of its nodes that was made here, and settings for this machine's kernel. */
function withNodeImage(kind: string): string {
  const more = `--image ${NODE_IMAGE} --config /kind/cluster.yaml`
  return `[ "$1 $2" != "create cluster" ] || set -- "$@" ${more}\nexec ${kind} "$@"`
}

/** istioctl, with the images that the node brings along, and settings for their Envoy. */
function withImages(istioctl: string, tag: string): string {
  const more = `--filename /kind/istio.yaml --set hub=${ISTIO_HUB} --set tag=${tag}`
  return `[ "$1" != install ] || set -- "$@" ${more}\nexec ${istioctl} "$@"`
}

async function importNodeImage(machine: Machine, archive: string): Promise<void> {
  const changes = [
    'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
    'ENV container=docker',
    'STOPSIGNAL SIGRTMIN+3',
  ].flatMap((change) => ['--change', change])
  await machine.run(['docker', 'import', ...changes, archive, NODE_IMAGE])
}

/** Loads the base of our images under its public name, so that `docker build` finds it. */
async function loadBaseImage(machine: Machine, base: string, nodeRoot: string): Promise<void> {
  const { folder } = await fetchNodejs()
  const containerfile = join(CHECKOUT, 'tools/local-cluster/images/nodejs.Containerfile')
  const parts = { BASE: base, NODEJS: folder }
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
  await buildArchives([{ reference: defaultBase, containerfile, parts }], temporary.path, nodeRoot)
  await copyFile(join(temporary.path, '0.tar'), join(machine.folder, 'base.tar'))
  await machine.run(['docker', 'load', '--quiet', '--input', '/kind/base.tar'])
}
