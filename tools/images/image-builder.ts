// Which program builds images here: docker, podman or buildah, the first that really works.
import { run, tryRun } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'

export type ImageBuild = {
  reference: string
  containerfile: string
  context: string
  /** Goes to the Containerfile as NODE_IMAGE; without it, the Containerfile's own. */
  baseImage?: string | undefined
}
export type BuildImage = (input: ImageBuild) => Promise<void>

export const builders = ['docker', 'podman', 'buildah'] as const
type Builder = (typeof builders)[number]

/**
 * Arguments by which times in an image are 1970's, whenever it is built: the same content is the same digest. Docker
 * needs BuildKit for it, which then keeps the times of the staged files (image-context.ts).
 */
export const fixedTime: Record<Builder, readonly string[]> = {
  docker: ['--build-arg', 'SOURCE_DATE_EPOCH=0'],
  podman: ['--timestamp', '0'],
  buildah: ['--timestamp', '0'],
}

/**
 * Returns the first builder of `among` that answers `info`, or the one that `wanted` names. A docker client without an
 * engine is passed over, and told. Throws UserError if none works.
 */
export async function findBuilder<Name extends Builder>(
  wanted: string | undefined,
  among: readonly Name[],
): Promise<Name> {
  const candidates = among.filter((command) => wanted === undefined || command === wanted)
  const reasons: string[] = []
  for (const command of candidates) {
    const { code, stderr } = await tryRun(command, ['info'], { timeoutMs: 20_000 })
    if (code === 0) {
      for (const reason of reasons) say(`  skip  ${reason}`)
      return command
    }
    const why = stderr.trim().split('\n').at(-1) ?? ''
    reasons.push(
      `${command}: ${code === 127 ? 'not installed' : why || `info exited with ${code}`}`,
    )
  }
  throw new UserError(
    `nothing here can build images (${reasons.join('; ') || `BUILDER=${wanted} is none of ${among.join(', ')}`})`,
    `install one of ${among.join(', ')} (docker with its engine running); \`make up\` brings a builder of its own`,
  )
}

/** Makes the function that builds one image by `command` on this machine. */
export function createBuild(command: Builder): BuildImage {
  return async ({ reference, containerfile, context, baseImage }) => {
    const buildArgs = baseImage ? ['--build-arg', `NODE_IMAGE=${baseImage}`] : []
    await run(command, [
      'build',
      ...fixedTime[command],
      ...buildArgs,
      '--tag',
      reference,
      '--file',
      containerfile,
      context,
    ])
  }
}
