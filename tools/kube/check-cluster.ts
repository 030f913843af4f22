// Checks that kubectl and istioctl are installed, and that the cluster of KUBECONFIG answers.
import { tryRun } from '../cli/exec.ts'
import { atPace } from '../cli/pace.ts'
import { UserError } from '../cli/terminal.ts'
import { kubectl } from './kubectl.ts'

/** Milliseconds for the API server to answer. */
const answerMs = 5_000
const otherCluster = 'Set KUBECONFIG to your cluster, or run `make up` for a local one.'

/** What kubectl prints, what it means, and what to do. The first match counts. */
const causes: readonly (readonly [RegExp, string, string])[] = [
  [
    /no configuration|current-context|context .* does not exist|stat .*no such file|localhost:8080/i,
    'KUBECONFIG names no cluster',
    otherCluster,
  ],
  [
    /connection refused|was refused|no such host|no route to host/i,
    'the cluster is not reachable',
    'Start it, the local cluster with `make up`. Or set KUBECONFIG to another cluster.',
  ],
  [
    /timeout|deadline exceeded/i,
    'the cluster does not answer in time',
    'Check the network and the VPN.',
  ],
  [
    /x509|certificate/i,
    'the certificate of the cluster or of the user is not valid',
    'Get a new KUBECONFIG.',
  ],
  [
    /unauthorized|logged in|expired|credential/i,
    'the cluster does not accept the credentials of this user',
    'Log in again, or get a new KUBECONFIG.',
  ],
]

export async function checkIstioctl(): Promise<void> {
  const { code } = await tryRun('istioctl', ['version', '--remote=false'], { timeoutMs: 10_000 })
  if (code !== 127) return
  throw new UserError(
    'istioctl is not on the PATH',
    'Install istioctl: https://istio.io/latest/docs/ops/diagnostic-tools/istioctl/',
  )
}

/** Throws UserError if kubectl is not installed, or the API server does not answer this user. */
export async function checkCluster(): Promise<void> {
  await kubectl(['version', '--client'])
  // The API server also answers /version without credentials. This question needs them.
  const limit = `--request-timeout=${atPace(answerMs)}ms`
  const args = ['auth', 'can-i', 'get', 'namespaces', limit]
  const { code, stdout, stderr } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
  // The answer "no" has exit code 1. Without an answer on stdout, the API server was not reached.
  if (code === 0 || stdout.trim() === 'no') return
  const lastLine = stderr.trim().split('\n').at(-1)
  const [, what, todo] = causes.find(([pattern]) => pattern.test(stderr)) ?? [
    undefined,
    'kubectl cannot ask the cluster',
    otherCluster,
  ]
  throw new UserError(`${what}: ${lastLine}`, todo)
}
