// What a builder says when it fails, and what to do next. Docker, podman and buildah word the same cause differently.
import { CommandError } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

/** `reference`: the image that the builder pulls or pushes. */
type Attempt = { builder: string; reference: string; variable: 'IMAGE_PREFIX' | 'NODE_IMAGE' }
type Cause = { says: RegExp; todo: (attempt: Attempt & { registry: string }) => string }

/** What podman and buildah need without root. */
export const ranges =
  'Give your user a range of ids: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER. Then run: podman system migrate'

/** The first cause whose words occur is the one. */
const causes: readonly Cause[] = [
  {
    says: /HTTP response to HTTPS client/,
    todo: ({ builder, registry }) =>
      `${registry} has no TLS. Give it a certificate, or list it as insecure in ${
        builder === 'docker' ? '/etc/docker/daemon.json' : '/etc/containers/registries.conf'
      }.`,
  },
  {
    says: /x509|certificate/,
    todo: ({ registry }) =>
      `Put the certificate of its authority into /etc/docker/certs.d/${registry}/ca.crt. podman and buildah read it too.`,
  },
  { says: /subuid|subgid/, todo: () => ranges },
  {
    says: /unauthorized|\b401\b|authentication required|basic auth credentials|(?<!permission )denied|\b403\b/i,
    todo: ({ builder, registry, variable }) =>
      `Log in: ${builder} login ${registry}. ${variable === 'IMAGE_PREFIX' ? 'Your account needs the right to push there.' : 'Or give another base image: NODE_IMAGE=…'}`,
  },
  {
    says: /no such host|lookup |connection refused|unreachable|no route|time(d )?out/i,
    todo: ({ registry, variable }) =>
      `Check that this machine reaches ${registry}, or give another ${variable}. A mirror works too.`,
  },
  {
    says: /invalid (tag|reference)|must be lowercase/,
    todo: () =>
      'IMAGE_PREFIX is a host and a path in lower case, without https://, for example registry.example/team.',
  },
  {
    says: /not found|unknown|no image found|does not exist|no match for platform/,
    todo: ({ variable }) =>
      variable === 'NODE_IMAGE'
        ? 'Check its name and tag, and that it is there for this platform. Then give it: NODE_IMAGE=…'
        : 'Create the repository in the registry, or check IMAGE_PREFIX.',
  },
]

/** Returns the line that says why a builder failed. Some print a line after it. */
export function readReason(stderr: string): string {
  const lines = stderr.trim().split('\n')
  const line = lines.findLast((each) => /^(error\b|cannot )/i.test(each)) ?? lines.at(-1) ?? ''
  return line.replace(/^error: /i, '')
}

/** Runs `work`, a builder's pull or push. If it fails for a known cause, throws UserError with what to do. */
export async function explaining<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(attempt, error)
  }
}

function explain(attempt: Attempt, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error
  const reason = readReason(error.result.stderr)
  const cause = causes.find(({ says }) => says.test(reason))
  if (cause === undefined) return error
  const { builder, reference, variable } = attempt
  const what = variable === 'IMAGE_PREFIX' ? 'push' : 'build from'
  return new UserError(
    `${builder} cannot ${what} ${reference}: ${reason}`,
    cause.todo({ ...attempt, registry: readRegistry(reference) }),
  )
}

/** Without a host in front, a name is one of Docker Hub. */
function readRegistry(reference: string): string {
  const host = /^([^/]*[.:][^/]*|localhost)\//.exec(reference)?.[1]
  return host ?? 'docker.io'
}
