// Reads where the images are. The user has to say it, because the cluster reports a wrong place only when Pods do not start.
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Layout } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'

/** Returns `given`, which is IMAGE_PREFIX. Without it throws UserError, which names the prefix of the deployed images. */
export async function requireImagePrefix(
  given: string | undefined,
  layout: Layout,
): Promise<string> {
  if (given) return given
  const deployed = readPrefix(await readSignerImage(layout))
  if (deployed !== undefined) {
    throw new UserError(
      `IMAGE_PREFIX is not set, and the deployed images are from ${deployed}`,
      `Run \`make deploy IMAGE_PREFIX=${deployed}\`.`,
    )
  }
  throw new UserError(
    'IMAGE_PREFIX is not set: the registry and prefix of the images that this cluster pulls',
    'Run `make images IMAGE_PREFIX=registry/prefix PUSH=yes`, then `make deploy IMAGE_PREFIX=registry/prefix`. If the nodes have the images, give the prefix of their tags. `imagePrefix` in signing.yaml keeps it.',
  )
}

/** Returns "registry.example/team" for "registry.example/team/signer:tag". Returns undefined for other images. */
function readPrefix(image: string): string | undefined {
  return /^(.+)\/signer[:@]/.exec(image)?.[1]
}

function readSignerImage({ signer }: Layout): Promise<string> {
  const path = '{.spec.template.spec.containers[?(@.name=="signer")].image}'
  const output = ['--ignore-not-found', '-o', `jsonpath=${path}`]
  return kubectl(['get', 'deployment', signer, '-n', namespace, ...output])
}
