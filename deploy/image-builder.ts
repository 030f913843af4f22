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

const commands = ['docker', 'podman', 'buildah'] as const

/**
 * Returns the first builder that answers `info`, or the one that `wanted` names. A docker client without an engine is
 * passed over, and told. Throws UserError if none works.
 */
export async function findBuilder(wanted?: string): Promise<(typeof commands)[number]> {
  const candidates = commands.filter((command) => wanted === undefined || command === wanted)
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
    `nothing here can build images (${reasons.join('; ') || `BUILDER=${wanted} is none of ${commands.join(', ')}`})`,
    'install docker (with its engine running), podman or buildah; `make up` brings a builder of its own',
  )
}

/** Makes the function that builds one image by `command` on this machine. */
export function createBuild(command: string): BuildImage {
  return async ({ reference, containerfile, context, baseImage }) => {
    const buildArgs = baseImage ? ['--build-arg', `NODE_IMAGE=${baseImage}`] : []
    await run(command, [
      'build',
      ...buildArgs,
      '--tag',
      reference,
      '--file',
      containerfile,
      context,
    ])
  }
}
