// Runs kubectl on the cluster that KUBECONFIG names. All cluster access goes through here.
import type { z } from 'zod'
import { CommandError, type RunOptions, type RunResult, tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'
import { fieldManager } from './names.ts'

const callTimeoutMs = 60_000

/** Returns standard output. Throws UserError if kubectl is missing or forbidden, and CommandError for other failures. */
export async function kubectl(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun('kubectl', args, { timeoutMs: callTimeoutMs, ...options })
  if (result.code === 0) return result.stdout
  throw explainFailure(args, result)
}

export async function kubectlJson<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
  return schema.parse(JSON.parse(await kubectl(args)))
}

/** The same for a command that may print nothing, such as get with --ignore-not-found. Returns undefined then. */
export async function kubectlJsonIfAny<T>(
  schema: z.ZodType<T>,
  args: readonly string[],
  options: RunOptions = {},
): Promise<T | undefined> {
  const text = await kubectl(args, options)
  return text.trim() === '' ? undefined : schema.parse(JSON.parse(text))
}

/** Returns true if the resource exists, for example `exists(['namespace', 'signing'])`. */
export async function exists(resource: readonly string[]): Promise<boolean> {
  return (await kubectl(['get', ...resource, '--ignore-not-found', '-o', 'name'])).trim() !== ''
}

/** Lists the API versions that the cluster serves, for example "apps/v1". */
export async function listApiVersions(): Promise<string[]> {
  return (await kubectl(['api-versions'])).trim().split('\n')
}

/** Applies a resource on the server side, and returns what kubectl prints. */
export function applyResource(
  resource: object,
  { manager = fieldManager, options = [] as readonly string[] } = {},
): Promise<string> {
  const args = ['apply', '--server-side', `--field-manager=${manager}`, ...options, '-f', '-']
  return kubectl(args, { input: JSON.stringify(resource) })
}

function explainFailure(args: readonly string[], result: RunResult): Error {
  if (result.code === 127) {
    return new UserError(
      'kubectl is not on the PATH',
      'Install kubectl: https://kubernetes.io/docs/tasks/tools/',
    )
  }
  if (/\(Forbidden\)|forbidden:/.test(result.stderr)) {
    return new UserError(
      `the cluster forbids \`kubectl ${args.slice(0, 3).join(' ')}\`: ${result.stderr.trim()}`,
      'Use a KUBECONFIG whose user has this permission, or ask an administrator of the cluster for it.',
    )
  }
  return new CommandError(`kubectl ${args.join(' ')}`, result)
}
