// Applies a rendering on the server side, after a dry run. Fields that other managers own stay as they are.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { CommandError } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { applyResource, exists, kubectl, kubectlJsonIfAny } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import {
  describeResource,
  listOf,
  parseResources,
  type Resource,
  resourceSchema,
} from '../../kube/resources.ts'
import {
  changesPolicies,
  isRefusedOnlyByOurPolicies,
  policyDelayMs,
} from '../preflight/admission.ts'
import type { Rendering } from '../render/render.ts'
import { keepNamespaceLabels } from './keep-namespace-labels.ts'
import { keepReplicas } from './keep-replicas.ts'

const liveResources = listOf(resourceSchema)
const pollMs = 500

/** What a dry run needs, in the order in which it must exist. */
const prerequisites = ['Namespace', 'ServiceAccount']

/** Creates the missing namespaces and ServiceAccounts, which a dry run needs. Returns them. */
export async function ensurePrerequisites(rendering: Rendering): Promise<Resource[]> {
  const missing = await listMissingPrerequisites(rendering)
  for (const resource of missing) await applyResource(resource)
  return missing
}

export async function listMissingPrerequisites(rendering: Rendering): Promise<Resource[]> {
  const resources = parseResources(rendering.yaml)
  const missing: Resource[] = []
  for (const each of prerequisites.flatMap((kind) => resources.filter((of) => of.kind === kind))) {
    const { name, namespace } = each.metadata
    const scope = namespace === undefined ? [] : ['-n', namespace]
    if (!(await exists([each.kind, name, ...scope]))) missing.push(each)
  }
  return missing
}

/** Has the API server validate all resources, with admission and Istio's webhook. Throws UserError if it refuses one. */
export async function dryRun(rendering: Rendering, force = false): Promise<void> {
  try {
    await kubectl([...listApplyArgs(rendering, force), '--dry-run=server'])
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const output = error.result.stderr.trim()
    const resources = parseResources(rendering.yaml)
    if (isRefusedOnlyByOurPolicies(output) && (await changesPolicies(resources))) {
      say(
        '  note  the current admission policies refuse the resources. The deployment replaces them.',
      )
      return
    }
    throw new UserError(
      `the API server refuses the resources:\n${condenseErrors(output)}`,
      /conflict/i.test(output)
        ? adviseOnConflict(output)
        : `The resources are in ${rendering.path}.`,
    )
  }
}

export function adviseOnConflict(output: string): string {
  const managers = [...output.matchAll(/conflicts? with "([^"]+)"/g)].map(([, name]) => name)
  const isApplied = managers.every((name = '') => /^kubectl(-client-side-apply)?$/.test(name))
  const cause =
    managers.length > 0 && isApplied
      ? 'You or a pipeline set these fields with `kubectl apply`. If a pipeline does, stop it.'
      : 'Find out who set these fields, and why.'
  return `${cause} To take them over, add FORCE_CONFLICTS=yes to make deploy`
}

/** Returns each error of `kubectl apply` once, without kubectl's own advice about conflicts. */
export function condenseErrors(output: string): string {
  const errors = output
    .replaceAll(/^Please review the fields above[\s\S]*?#conflicts$/gm, '')
    .split(/^(?=Apply failed)/m)
  return [...new Set(errors.map((each) => each.trim()))].join('\n')
}

/** Applies all resources, and returns those that changed. `force` takes over fields of other managers. */
export async function applyRendering(rendering: Rendering, force = false): Promise<string[]> {
  const before = await readLive(rendering)
  const resources = parseResources(rendering.yaml)
  await keepNamespaceLabels(resources)
  await keepReplicas(resources)
  await applyWithPolicies(rendering, force)
  const after = await readLive(rendering)
  return [...after.entries()]
    .filter(([name, content]) => !isDeepStrictEqual(content, before.get(name)))
    .map(([name]) => name)
}

/** Tries again for a while: policies come first in a rendering, but the API server enforces them with a delay. */
async function applyWithPolicies(rendering: Rendering, force: boolean): Promise<void> {
  const deadline = Date.now() + atPace(policyDelayMs)
  for (;;) {
    try {
      await kubectl(listApplyArgs(rendering, force))
      return
    } catch (error) {
      const isRefused =
        error instanceof CommandError && isRefusedOnlyByOurPolicies(error.result.stderr)
      if (!isRefused || Date.now() > deadline) throw error
    }
    await sleep(pollMs)
  }
}

function listApplyArgs({ path }: Rendering, force: boolean): string[] {
  const options = force ? ['--force-conflicts'] : []
  return ['apply', '--server-side', `--field-manager=${fieldManager}`, ...options, '-f', path]
}

async function readLive(rendering: Rendering): Promise<Map<string, unknown>> {
  const args = ['get', '-f', rendering.path, '--ignore-not-found', '-o', 'json']
  const items = (await kubectlJsonIfAny(liveResources, args)) ?? []
  return new Map(items.map((item) => [describeResource(item), removeStatus(item)]))
}

/** Removes what the cluster writes itself, and what changes without a deployment. */
function removeStatus({ metadata, status: _, ...content }: Resource): unknown {
  const { 'deployment.kubernetes.io/revision': __, ...annotations } = metadata.annotations ?? {}
  return { ...content, labels: metadata.labels, annotations }
}
