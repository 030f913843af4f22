// Every call of the cluster goes through kubectl, on the cluster that KUBECONFIG names. Answers are checked once, here.
import type { z } from 'zod'
import { CommandError, type RunOptions, type RunResult, tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

/** Milliseconds; a cluster that takes longer for one answer is not one to deploy to. */
const callTimeoutMs = 60_000

/** Runs kubectl and returns its output. Throws UserError if it is missing or forbidden, otherwise CommandError. */
export async function kubectl(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun('kubectl', args, { timeoutMs: callTimeoutMs, ...options })
  if (result.code === 0) return result.stdout
  throw explainFailure(args, result)
}

export async function kubectlJson<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
  return schema.parse(JSON.parse(await kubectl(args)))
}

/** True if the resource is there, e.g. `exists(['namespace', 'signing'])`. */
export async function exists(resource: readonly string[]): Promise<boolean> {
  return (await kubectl(['get', ...resource, '--ignore-not-found', '-o', 'name'])).trim() !== ''
}

function explainFailure(args: readonly string[], result: RunResult): Error {
  if (result.code === 127) {
    return new UserError(
      'kubectl is not on the PATH',
      'install kubectl: https://kubernetes.io/docs/tasks/tools/',
    )
  }
  if (/\(Forbidden\)|forbidden:/.test(result.stderr)) {
    return new UserError(
      `the cluster forbids \`kubectl ${args.slice(0, 3).join(' ')}\`: ${result.stderr.trim()}`,
      'use a KUBECONFIG whose user has that right, or ask whoever runs the cluster for it',
    )
  }
  return new CommandError(`kubectl ${args.join(' ')}`, result)
}
