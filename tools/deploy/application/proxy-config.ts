// The annotation proxy.istio.io/config of an application together with what the signer needs.
import { z } from 'zod'
import type { Manifest } from '../../kube/application/manifests.ts'
import type { ApplicationPod } from '../../kube/application/pod.ts'
import { parseYaml } from '../../kube/yaml.ts'
import { type Problem, refuseProblems } from './problem.ts'

export const proxyConfigAnnotation = 'proxy.istio.io/config'
const field = `spec.template.metadata.annotations.${proxyConfigAnnotation}`
/** They replace the configuration that keeps the proxy's administration closed. */
const replacing = [
  ...[
    'binaryPath',
    'configPath',
    'customConfigFile',
    'proxyAdminPort',
    'proxyBootstrapTemplatePath',
  ],
]
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
    replacing
      .filter((name) => theirs.data[name] !== undefined)
      .map((name) =>
        problem(`${name} replaces the configuration that the signer depends on`, `Remove ${name}`),
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
