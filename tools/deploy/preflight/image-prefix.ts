// `make deploy` needs IMAGE_PREFIX. A wrong one would show only when Pods do not start.
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Layout } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'

/**
 * Returns `given` (IMAGE_PREFIX). Throws UserError if there is none, and names the one that `layout` is deployed with, so that a
 * second deployment does not ask for images of another place than the first by being silent.
 */
export async function requirePrefix(given: string | undefined, layout: Layout): Promise<string> {
  if (given) return given
  const deployed = readPrefix(await readSignerImage(layout))
  if (deployed !== undefined) {
    throw new UserError(
      `IMAGE_PREFIX is not given, and what is deployed is of ${deployed}`,
      `make deploy IMAGE_PREFIX=${deployed}`,
    )
  }
  throw new UserError(
    'IMAGE_PREFIX is not given: the registry and prefix that this cluster pulls the images from',
    'make images IMAGE_PREFIX=registry/prefix PUSH=yes, then make deploy IMAGE_PREFIX=registry/prefix; on nodes that have been given the images themselves, the prefix that these are tagged with',
  )
}

/** "registry.example/team" of "registry.example/team/signer:tag"; undefined for what is no image of the signer. */
function readPrefix(image: string): string | undefined {
  return /^(.+)\/signer[:@]/.exec(image)?.[1]
}

function readSignerImage({ signer }: Layout): Promise<string> {
  const path = '{.spec.template.spec.containers[?(@.name=="signer")].image}'
  const output = ['--ignore-not-found', '-o', `jsonpath=${path}`]
  return kubectl(['get', 'deployment', signer, '-n', namespace, ...output])
}
