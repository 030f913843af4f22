// The annotation proxy.istio.io/config of an application together with what the signer needs.
import { z } from 'zod'
import { listRefusedAnnotations } from '../../analyze/model/allowed-metadata.ts'
import type { Manifest } from '../../kube/application/manifests.ts'
import type { ApplicationPod } from '../../kube/application/pod.ts'
import { parseYaml } from '../../kube/yaml.ts'
import { type Problem, refuseProblems } from './problem.ts'

export const proxyConfigAnnotation = 'proxy.istio.io/config'
const field = `spec.template.metadata.annotations.${proxyConfigAnnotation}`
const proxyConfig = z.looseObject({
  proxyMetadata: z.record(z.string(), z.string()).default({}),
  terminationDrainDuration: z.string().optional(),
})

/** `ours`: the annotation of the signer. Returns undefined if the application has none. */
export function mergeProxyConfig(
  manifest: Manifest,
  { metadata }: ApplicationPod,
  ours: string,
): string | undefined {
  const text = metadata.annotations[proxyConfigAnnotation]
  if (text === undefined) return undefined
  const problem = (what: string, todo: string): Problem => ({ manifest, field, what, todo })
  const read = (source: string) => proxyConfig.safeParse(tryParse(source))
  const [theirs, own] = [read(text), read(ours)]
  if (!theirs.success || !own.success) {
    refuseProblems([problem('it is no ProxyConfig of Istio', 'Correct the YAML in it')])
    return undefined
  }
  refuseProblems(
    listRefused(theirs.data).map((name) =>
      problem(
        `${name} can lead traffic around the proxy, or nobody has checked what it does`,
        `Remove ${name}`,
      ),
    ),
  )
  return JSON.stringify({
    ...theirs.data,
    ...own.data,
    proxyMetadata: { ...theirs.data.proxyMetadata, ...own.data.proxyMetadata },
    terminationDrainDuration:
      readSeconds(theirs.data) > readSeconds(own.data)
        ? theirs.data.terminationDrainDuration
        : own.data.terminationDrainDuration,
  })
}

/** The settings that the admission policy no-way-around-proxy refuses. */
function listRefused({ proxyMetadata, ...others }: z.infer<typeof proxyConfig>): string[] {
  const isRefused = (setting: object) =>
    listRefusedAnnotations({ [proxyConfigAnnotation]: JSON.stringify(setting) }).length > 0
  const metadata = Object.entries(proxyMetadata)
  return [
    ...Object.entries(others)
      .filter(([name, value]) => isRefused({ [name]: value }))
      .map(([name]) => name),
    ...metadata
      .filter(([name, value]) => isRefused({ proxyMetadata: { [name]: value } }))
      .map(([name]) => `proxyMetadata.${name}`),
  ]
}

function tryParse(text: string): unknown {
  try {
    return parseYaml(text)
  } catch {
    return undefined
  }
}

function readSeconds({ terminationDrainDuration = '' }: z.infer<typeof proxyConfig>): number {
  return Number(/^(\d+)s$/.exec(terminationDrainDuration)?.[1] ?? 0)
}
