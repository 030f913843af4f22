// buildah inside the node. Its storage is in the cluster's state. It has no network access.
import { fixedTime } from '../../images/image-builder.ts'
import { type Node, runInNode } from '../node/node-process.ts'
import { IN_NODE } from '../paths.ts'

const globalArgs = ['--root', `${IN_NODE.state}/buildah`, '--runroot', '/run/buildah']

/**
 * Builds an image. `context` and `containerfile` are paths in the node. `mounts` are folders of the node for RUN, by their path
 * in the build. A missing base image is an error.
 */
export async function buildInNode(
  node: Node,
  input: {
    reference: string
    containerfile: string
    context: string
    buildArgs: Record<string, string>
    mounts?: Record<string, string>
  },
): Promise<void> {
  const { reference, containerfile, context, buildArgs, mounts = {} } = input
  await runInNode(node, [
    ...['buildah', ...globalArgs, 'build', '--quiet', '--pull-never', '--isolation', 'chroot'],
    ...fixedTime.buildah,
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(mounts).flatMap(([path, folder]) => ['--volume', `${folder}:${path}:ro`]),
    ...['--tag', reference, '--file', containerfile, context],
  ])
}

/** Writes an image to `archive`, an OCI archive at a path in the node. */
export async function exportImage(node: Node, reference: string, archive: string): Promise<void> {
  const target = `oci-archive:${archive}:${reference}`
  await runInNode(node, ['buildah', ...globalArgs, 'push', '--quiet', reference, target])
}
