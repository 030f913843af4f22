// Reads how istiod is configured. istiod may be in any namespace, outside the cluster, or managed by somebody else. What this
// user may not read, or what does not exist, is a note and no error.
import { z } from 'zod'
import { tryRun } from '../cli/exec.ts'
import { say } from '../cli/terminal.ts'
import { type MeshConfig, mergeMeshConfigs } from './mesh-config.ts'
import { listOf } from './resources.ts'
import type { SidecarInjector } from './sidecar-injector.ts'

const timeoutMs = 20_000
const strings = z.record(z.string(), z.string()).default({})
const configMaps = listOf(
  z.object({ metadata: z.object({ name: z.string(), namespace: z.string() }), data: strings }),
)
const variable = z.object({ name: z.string(), value: z.string().default('') })
const deployments = listOf(
  z.object({
    spec: z.object({
      template: z.object({
        spec: z.object({
          containers: z.array(z.object({ image: z.string(), env: z.array(variable).default([]) })),
        }),
      }),
    }),
  }),
)

export type ControlPlane = {
  injector: SidecarInjector
  /** istiod's Deployment. Undefined if it is not in this cluster, or may not be read. */
  istiod: { image: string; env: Record<string, string> } | undefined
  /** The merged mesh configuration. Undefined if it cannot be read. */
  mesh: MeshConfig | undefined
  /** The ConfigMap to change the mesh configuration in, as <namespace>/<name>. */
  meshSource: string
  /** The injector's ConfigMap: `values` is JSON, and `config` is YAML. Empty if it cannot be read. */
  injection: Record<string, string>
}

/** Reads the Deployment and the ConfigMaps of istiod. Prints a note for each that it cannot read. */
export async function readControlPlane(injector: SidecarInjector): Promise<ControlPlane> {
  const { namespace, revision } = injector
  const istiod = await readIstiod(injector)
  const names = ['istio', 'istio-sidecar-injector'].map((name) => withRevision(name, revision))
  const [base, injection] = await Promise.all(names.map((name) => findConfigMap(name, namespace)))
  const user = await readShared(istiod, base?.metadata.namespace ?? namespace, revision)
  const [meshName, injectionName] = names
  if (base === undefined) noteUnread(`the mesh configuration (ConfigMap ${meshName})`)
  if (injection === undefined) noteUnread(`the injector's settings (ConfigMap ${injectionName})`)
  return {
    injector,
    istiod,
    mesh: parseMesh([user, base].flatMap((each) => each?.data.mesh ?? [])),
    meshSource: `${base?.metadata.namespace ?? namespace}/${meshName}`,
    injection: injection?.data ?? {},
  }
}

async function readIstiod({ namespace, revision, url }: SidecarInjector) {
  if (url !== undefined) {
    say(`  note  istiod is outside this cluster, at ${url}`)
    return undefined
  }
  const selector = `app=istiod,istio.io/rev=${revision}`
  const found = await tryGet(deployments, ['deployments', '-n', namespace, '-l', selector])
  const [container] = found?.[0]?.spec.template.spec.containers ?? []
  if (container === undefined) {
    noteUnread(`istiod of revision "${revision}" in namespace ${namespace}`)
    return undefined
  }
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
  return { image: container.image, env }
}

/** Reads the users' part of the mesh configuration. istiod's environment names it. Without that, it has one of the usual names. */
async function readShared(istiod: ControlPlane['istiod'], namespace: string, revision: string) {
  const usual = [`istio-shared-configmap-${revision}`, 'istio-user']
  const names = istiod === undefined ? usual : [istiod.env.SHARED_MESH_CONFIG ?? '']
  const found = await Promise.all(
    names.filter((each) => each !== '').map((each) => readConfigMap(each, namespace)),
  )
  return found.find((each) => each !== undefined)
}

/** Reads a ConfigMap in `namespace`. If it is not there, reads it in the only namespace that has it. */
async function findConfigMap(name: string, namespace: string) {
  const here = await readConfigMap(name, namespace)
  if (here !== undefined) return here
  const anywhere = ['configmaps', '-A', '--field-selector', `metadata.name=${name}`]
  const found = await tryGet(configMaps, anywhere)
  return found?.length === 1 ? found[0] : undefined
}

async function readConfigMap(name: string, namespace: string) {
  const found = await tryGet(configMaps, ['configmap', name, '-n', namespace])
  return found?.[0]
}

/** Returns undefined if the user may not read it, or if it does not exist. */
async function tryGet<T>(schema: z.ZodType<T>, what: readonly string[]): Promise<T | undefined> {
  const args = ['get', ...what, '--ignore-not-found', '-o', 'json']
  const { code, stdout } = await tryRun('kubectl', args, { timeoutMs })
  if (code !== 0 || stdout.trim() === '') return undefined
  return schema.safeParse(JSON.parse(stdout)).data
}

function parseMesh(texts: readonly string[]): MeshConfig | undefined {
  if (texts.length === 0) return undefined
  try {
    return mergeMeshConfigs(texts)
  } catch (error) {
    say(`  note  the mesh configuration is not as expected: ${String(error).split('\n')[0]}`)
    return undefined
  }
}

function withRevision(name: string, revision: string): string {
  return revision === 'default' ? name : `${name}-${revision}`
}

function noteUnread(what: string): void {
  say(`  note  ${what} cannot be read, so what depends on it is not checked`)
}
