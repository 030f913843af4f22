// Which program builds images here: docker, podman or buildah, the first that really works.
import { run, tryRun } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'

export type ImageBuilder = {
  command: 'docker' | 'podman' | 'buildah'
  /** Before `build`, e.g. ['--storage-driver', 'vfs']. */
  globalArgs: readonly string[]
  /** After `build`, e.g. ['--isolation', 'chroot']. */
  buildArgs: readonly string[]
}

const commands = ['docker', 'podman', 'buildah'] as const

/**
 * Returns the first builder that answers `info`, or the one that `wanted` names. A docker client without an engine is
 * passed over, and told. Throws UserError if none works.
 */
export async function findBuilder(wanted?: string): Promise<ImageBuilder> {
  const candidates = commands.filter((command) => wanted === undefined || command === wanted)
  const reasons: string[] = []
  for (const command of candidates) {
    const { code, stderr } = await tryRun(command, ['info'], { timeoutMs: 20_000 })
    if (code === 0) {
      for (const reason of reasons) say(`  skip  ${reason}`)
      return { command, globalArgs: [], buildArgs: [] }
    }
    const why = stderr.trim().split('\n').at(-1) ?? ''
    reasons.push(
      `${command}: ${code === 127 ? 'not installed' : why || `info exited with ${code}`}`,
    )
  }
  throw new UserError(
    `nothing here can build images (${reasons.join('; ') || `BUILDER=${wanted} is none of ${commands.join(', ')}`})`,
    'install docker (with its engine running), podman or buildah; `make up` brings a builder of its own',
  )
}

/** Builds one image from the staged `context`; `baseImage` goes to the Containerfile as NODE_IMAGE. */
export async function buildImage(
  builder: ImageBuilder,
  input: {
    reference: string
    containerfile: string
    context: string
    baseImage?: string | undefined
  },
): Promise<void> {
  const baseImage = input.baseImage ? ['--build-arg', `NODE_IMAGE=${input.baseImage}`] : []
  await run(builder.command, [
    ...builder.globalArgs,
    'build',
    ...builder.buildArgs,
    ...baseImage,
    ...['--tag', input.reference, '--file', input.containerfile, input.context],
  ])
}
