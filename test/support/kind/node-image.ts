// The image of kind's nodes, as `kind build node-image` makes it, but from package registries: Debian's packages, Kubernetes as
// the local cluster has it, kind's scripts and manifests from its Go module, and the images that a node brings along.
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readText } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import {
  buildDebian,
  type RootFileSystems,
} from '../../../tools/local-cluster/images/root-file-systems.ts'
import { listIstioImages } from '../../../tools/local-cluster/images/system-images.ts'
import { cached, keyOf } from '../../../tools/local-cluster/programs/cache.ts'
import { fetchGoModule, type GoModule } from '../../../tools/local-cluster/programs/go-module.ts'
import type { Built, Programs } from '../../../tools/local-cluster/programs/programs.ts'
import { buildArchives, type Wanted } from './images.ts'

export const ISTIO_HUB = 'docker.io/istio'
const KIND = 'sigs.k8s.io/kind'
/** As kind's Dockerfile has them, without network storage. systemd of the next Debian does not start on cgroup v1. */
const packages = [
  ...['systemd', 'dbus', 'containerd', 'runc', 'containernetworking-plugins'],
  ...['conntrack', 'iptables', 'nftables', 'iproute2', 'ethtool', 'util-linux', 'mount', 'kmod'],
  ...['bash', 'ca-certificates', 'curl', 'gawk', 'hostname', 'jq', 'netbase', 'pigz', 'procps'],
]

/** `kindNode`: the folder with kubeadm and crictl. */
export type NodeParts = {
  programs: Programs
  kindNode: string
  istio: Built & { envoy: string }
  roots: RootFileSystems
}

/** Returns a file system for `docker import`. */
export async function buildNodeImage(parts: NodeParts): Promise<string> {
  const debian = await buildDebian('kind-node', 'essential', 'root', packages)
  const source = await readKindModule()
  const kind = await fetchGoModule(source)
  const images = await listImages(parts, kind)
  const script = join(import.meta.dirname, 'make-node.sh')
  const sources = [script, ...images.map(({ containerfile }) => containerfile)]
  const key = keyOf(
    ...[debian, source.version, parts.programs.kubernetes.folder, parts.kindNode],
    JSON.stringify(images),
    ...(await Promise.all(sources.map((path) => readFile(path, 'utf8')))),
  )
  const folder = await cached(`images/kind-node-${key}`, async (target) => {
    await using temporary = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
    const extra = temporary.path
    await buildArchives(images, join(extra, 'images'), parts.roots.nodeRoot)
    await mkdir(join(extra, 'manifests'))
    const { manifest } = await readCni(kind)
    await writeFile(join(extra, 'manifests/default-cni.yaml'), manifest)
    const folders = [join(debian, 'root'), join(kind, 'images/base/files'), extra]
    const programs = [parts.programs.kubernetes.folder, parts.kindNode]
    const version = `v${parts.programs.kubernetes.tag}`
    const args = [...folders, ...programs, version, join(target, 'image.tar')]
    await run('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'bash', script, ...args])
  })
  return join(folder, 'image.tar')
}

/** The files of a node fit the program `kind`, so both have one version. */
async function readKindModule(): Promise<GoModule> {
  const sums = await readText('test/support/programs/kind/go.sum')
  const [, version, sum] = new RegExp(`^${KIND} (v[^ /]+) (h1:.+)$`, 'm').exec(sums) ?? []
  if (version === undefined || sum === undefined) throw new Error(`go.sum has no ${KIND}`)
  return { module: KIND, version, sum }
}

async function listImages({ programs, kindNode, istio, roots }: NodeParts, kind: string) {
  const { kubernetes, etcd, coredns } = programs
  const version = `v${kubernetes.tag}`
  const ask = ['config', 'images', 'list', '--kubernetes-version', version]
  const names = (await run(join(kindNode, 'kubeadm'), ask)).trim().split('\n')
  const folders = {
    ...{ KUBERNETES: kubernetes.folder, ETCD: etcd.folder, COREDNS: coredns.folder },
    ...{ BASE: roots.proxyBase, NODE_ROOT: roots.nodeRoot },
  }
  const containerfile = join(import.meta.dirname, 'Containerfile')
  const pause = join(import.meta.dirname, '../../../tools/local-cluster/images/pause.Containerfile')
  const { image } = await readCni(kind)
  // kindnetd has no public module. On one node it only writes a file, which make-node.sh writes too.
  const idle = ['registry.k8s.io/pause:3.10', image].map(
    (reference): Wanted => ({
      ...{ reference, containerfile: pause },
      parts: { NODE_ROOT: roots.nodeRoot },
    }),
  )
  const ofKubeadm = names
    .filter((reference) => !reference.includes('/pause:'))
    .map((reference): Wanted => {
      const target = basename(reference).replace(/:.*/, '')
      return { reference, containerfile, parts: folders, target }
    })
  return [...ofKubeadm, ...idle, ...listIstioImages(istio, roots, ISTIO_HUB)]
}

/** Reads the manifest of the network, and the name of its image, from kind's source. */
async function readCni(kind: string): Promise<{ manifest: string; image: string }> {
  const source = await readFile(join(kind, 'pkg/build/nodeimage/const_cni.go'), 'utf8')
  const image = /const kindnetdImage = "([^"]+)"/.exec(source)?.[1]
  const text = /const defaultCNIManifest = `(.*)`/s.exec(source)?.[1]
  if (image === undefined || text === undefined) throw new Error(`${kind} has no CNI manifest`)
  return { image, manifest: text.replace('` + kindnetdImage + `', image) }
}
