// A node in a guest that runs the Pod of the default layout, rendered with components, from the images of this checkout. A socat
// stands for the mesh's proxy.
import { chmod, copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { makeKey } from '../../../tools/deploy/keys/key-forms.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { buildPrograms } from '../../../tools/local-cluster/programs/programs.ts'
import { renderSample, type Sample } from '../api-server/sample.ts'
import { sampleImages } from '../api-server/sample-values.ts'
import { type Entries, makeFolder, makeVolume } from '../folder.ts'
import { makeFreshToken } from '../services/caller-token.ts'
import { readProfileFiles } from '../services/seccomp-profiles.ts'
import type { GuestFile } from './guest-disk.ts'
import { importImages } from './image-store.ts'
import { buildGuestNode, nodeFiles, PAUSE_IMAGE, PROGRAMS } from './node.ts'
import { buildProbe } from './probe.ts'
import { buildServiceImages, type ImageFolder } from './service-images.ts'
import { toStaticPod } from './static-pod.ts'

export type SigningNode = {
  rendering: Sample
  /** The signing key, whose name is "main". */
  key: Buffer
  /** For runGuest. */
  root: string
  folders: Record<string, string>
  files: Record<string, GuestFile>
}

/** The guest's file with the signing Pod, for its manifest folder. */
export const SIGNING_POD = '/manifests/signing.yaml'

/** Prepares a guest with `packages`. `addImages` adds the images of other Pods. */
export async function prepareSigningNode(input: {
  components: readonly string[]
  packages: readonly string[]
  addImages?: (images: ImageFolder) => Promise<void>
}): Promise<SigningNode> {
  const images = await buildServiceImages(await makeFolder())
  const { nodeRoot } = await buildRootFileSystems()
  const pause = 'tools/local-cluster/images/pause.Containerfile'
  await images.add(PAUSE_IMAGE, pause, { NODE_ROOT: nodeRoot })
  await input.addImages?.(images)
  const root = await buildGuestNode(input.packages)
  const store = await makeFolder()
  await importImages(root, images.archives, store)

  const rendering = await renderSample(input.components)
  const key = Buffer.from(makeKey())
  const deployment = rendering.find('Deployment/secure-signing')
  if (deployment === undefined) throw new Error('the rendering has no Deployment')
  const volumes = { 'hmac-key': '/volumes/key', 'signer-freeze': '/volumes/freeze' }
  const pod = toStaticPod(
    allowSlowSigner(deployment),
    { ...volumes, 'caller-token': '/volumes/token' },
    Object.fromEntries(
      sampleImages.map(({ name, repository, tag }) => [
        `${repository}:${tag}`,
        images.references[name],
      ]),
    ),
  )
  const profiles = Object.entries(readProfileFiles()).map(([name, text]) => [
    ...[`/var/lib/kubelet/seccomp/secure-signing/${name}`, { text }],
  ])
  const programs = await makeFolder()
  await buildProbe(programs)
  const { kubernetes } = await buildPrograms()
  await copyFile(join(kubernetes.folder, 'kubelet'), join(programs, 'kubelet'))
  return {
    rendering,
    key,
    root,
    folders: {
      [PROGRAMS]: programs,
      '/var/lib/containerd': store,
      '/volumes/key': await makeReadable({ main: key, primary: 'main' }),
      '/volumes/freeze': await makeReadable({}),
      '/volumes/token': await makeReadable({ token: makeFreshToken(7_200) }),
    },
    files: {
      ...nodeFiles,
      ...Object.fromEntries(profiles),
      [SIGNING_POD]: { text: stringify(pod) },
    },
  }
}

/** The frontend waits for 900 ms by default, which is too short in an emulated machine. */
function allowSlowSigner(deployment: Resource): Resource {
  const copy = structuredClone(deployment)
  const { containers } = Object(copy.spec).template.spec
  const frontend = containers.find(({ name }: { name: string }) => name === 'frontend')
  frontend.env.push({ name: 'SIGNER_TIMEOUT_MS', value: '60000' })
  return copy
}

/** Makes a volume as kubelet mounts it, which every user may read. */
export async function makeReadable(entries: Entries): Promise<string> {
  const folder = await makeVolume(entries)
  for (const each of [folder, ...(await readdir(folder)).map((name) => join(folder, name))]) {
    await chmod(each, 0o755)
  }
  return folder
}

/** Shell functions for a node whose signing Pod runs. */
export const signingFunctions = `
# Forwards the frontend's calls to the signer's socket. The link is there because its own path is too long for an address.
forward() {
  ln -s /var/lib/kubelet/pods/*/volumes/kubernetes.io~empty-dir/signer-socket /run/signer-socket
  socat TCP-LISTEN:8081,fork,reuseaddr UNIX-CONNECT:/run/signer-socket/signer.sock >/dev/null 2>&1 &
  await 20 socat -u OPEN:/dev/null TCP:127.0.0.1:8081
}
# Sends the body $1 to the frontend, and prints the answer.
send() {
  { printf 'POST /process HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n'
    printf 'Content-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' \${#1} "$1"
  } | socat -,ignoreeof TCP:127.0.0.1:8080
}
# Prepares container $1 for the probe. Root on the node can write to its image.
prepare() {
  files=$TASKS/$(container "$1")/rootfs
  cp ${PROGRAMS}/probe "$files/probe"
  mkdir -p "$files/etc" "$files/run/key"
  for name in etc/passwd etc/nsswitch.conf run/key/primary; do
    [ -e "$files/$name" ] || echo probe >"$files/$name"
  done
  enter "$1" /probe serve >"/tmp/peer-$1" 2>/dev/null &
  await 60 test -s "/tmp/peer-$1"
}
# Runs a program in the namespaces of container $1, with the rights of the node's root.
enter() {
  target=$(process "$1"); shift
  nsenter --all --target "$target" "$@"
}
# Runs the probe in container $1 as its own process would run it: user, capabilities, filter, profile.
probe_as_deployed() {
  ctr -n k8s.io tasks exec --exec-id probe "$(container "$1")" /probe "$2" "$(cat "/tmp/peer-$1")"
}
`
