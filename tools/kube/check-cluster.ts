// First checks of all: are the tools there, and does the cluster that KUBECONFIG names answer?
import { tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'
import { kubectl } from './kubectl.ts'

const other = 'set KUBECONFIG to a cluster with Istio, or run `make up` for a local one'

/** What kubectl says when it can't get through → what that means, in the order in which they are looked for. */
const causes: readonly (readonly [RegExp, string, string])[] = [
  [
    /no configuration|current-context|context .* does not exist|stat .*no such file/i,
    'KUBECONFIG names no cluster',
    other,
  ],
  [/localhost:8080/, 'KUBECONFIG names no cluster', other],
  [
    /connection refused|was refused|no such host|no route to host/i,
    'the cluster is not there',
    `start it, or ${other}`,
  ],
  [/timeout|deadline exceeded/i, 'the cluster does not answer within 5 s', 'check network and VPN'],
  [
    /x509|certificate/i,
    "the cluster's or the user's certificate is not valid",
    'get a fresh KUBECONFIG',
  ],
  [
    /unauthorized|logged in|expired|credential/i,
    'the cluster does not know this user',
    'log in again, or get a fresh KUBECONFIG',
  ],
]

export async function checkIstioctl(): Promise<void> {
  const { code } = await tryRun('istioctl', ['version', '--remote=false'], { timeoutMs: 10_000 })
  if (code !== 127) return
  throw new UserError(
    'istioctl is not on the PATH',
    'install istioctl: https://istio.io/latest/docs/ops/diagnostic-tools/istioctl/',
  )
}

/** Throws UserError unless kubectl is there and the API server answers the user. */
export async function checkCluster(): Promise<void> {
  await kubectl(['version', '--client'])
  // Also asks for the user, because /version alone answers anyone.
  const args = ['auth', 'can-i', 'get', 'namespaces', '--request-timeout=5s']
  const answer = await tryRun('kubectl', args, { timeoutMs: 15_000 })
  const said = answer.stderr.trim()
  // "no" is exit 1 with an answer on stdout; without one the question did not get through.
  if (answer.code === 0 || answer.stdout.trim() === 'no') return
  for (const [pattern, what, todo] of causes) {
    if (pattern.test(said)) throw new UserError(`${what}: ${lastLine(said)}`, todo)
  }
  throw new UserError(`the cluster can't be asked: ${lastLine(said)}`, other)
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? ''
}
