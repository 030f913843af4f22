// The part of Istio's mesh configuration that can break or weaken our Pods. Everything else stays unread.
import { z } from 'zod'
import { labelSelector } from './label-selector.ts'
import { parseYaml } from './yaml.ts'

const proxyConfig = z.looseObject({
  discoveryAddress: z.string().optional(),
  interceptionMode: z.string().optional(),
  tracing: z
    .looseObject({
      customTags: z
        .record(
          z.string(),
          z.looseObject({ header: z.looseObject({ name: z.string() }).optional() }),
        )
        .default({}),
    })
    .optional(),
})

export const meshConfig = z.looseObject({
  trustDomain: z.string().optional(),
  trustDomainAliases: z.array(z.string()).default([]),
  rootNamespace: z.string().optional(),
  discoverySelectors: z.array(labelSelector).default([]),
  enableAutoMtls: z.boolean().optional(),
  accessLogFormat: z.string().optional(),
  extensionProviders: z.array(z.looseObject({ name: z.string().default('') })).default([]),
  defaultConfig: proxyConfig.default({}),
})
export type MeshConfig = z.infer<typeof meshConfig>
const rawConfig = z.looseObject({ defaultConfig: z.looseObject({}).optional() })

/**
 * Merges mesh configurations as istiod does: a later text wins, and defaultConfig is merged by field. Throws if one is not YAML or
 * has another shape.
 */
export function mergeMeshConfigs(texts: readonly string[]): MeshConfig {
  const parsed = texts.map((text) => rawConfig.parse(parseYaml(text) ?? {}))
  const defaultConfig = Object.assign({}, ...parsed.map((each) => each.defaultConfig))
  return meshConfig.parse({ ...Object.assign({}, ...parsed), defaultConfig })
}
