// The configuration that istiod generates for a proxy, without what differs from push to push.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startPortForward } from '../../../../tools/kube/port-forward.ts'
import type { Container } from '../../../../tools/verify/attack/containers.ts'

/** The text of each part, by its kind and name, e.g. "listener virtualInbound". */
export type ProxyConfig = ReadonlyMap<string, string>

const named = z.looseObject({ name: z.string().default('') })
const dumpSchema = z.object({
  configs: z.array(
    z.looseObject({
      dynamicActiveClusters: z.array(z.object({ cluster: named })).default([]),
      dynamicListeners: z
        .array(z.object({ activeState: z.object({ listener: named }) }))
        .default([]),
      dynamicRouteConfigs: z
        .array(
          z.object({ routeConfig: named.extend({ virtualHosts: z.array(named).default([]) }) }),
        )
        .default([]),
    }),
  ),
})
const endpointSchema = z.object({
  configs: z.array(z.looseObject({ clusterName: z.string().default('') })).default([]),
})
const syncSchema = z.array(
  z.looseObject({
    proxy: z.string(),
    resources: z
      .record(z.string(), z.object({ sent: z.string().optional(), acked: z.string().optional() }))
      .default({}),
  }),
)

/** istiod prints no proxy that has a WebAssembly plugin. */
const unprintable = /proto: not found/
export const unprinted = 'configuration that istiod cannot print'

const POLL_MS = 100
const SYNC_MS = 4_000

export type Istiod = {
  /** `isForeign`: matches the names that do not count. Returns one part, `unprinted`, if istiod cannot print it. */
  read: (proxy: Container, isForeign: RegExp) => Promise<ProxyConfig>
  /** Waits until the proxies use what istiod has sent. Returns the one that does not accept it, or undefined. */
  waitForSync: (proxies: readonly Container[]) => Promise<string | undefined>
  stop: () => void
}

const idOf = ({ pod, namespace }: Container) => `${pod}.${namespace}`

/** Connects to istiod's debug interface until `stop`. */
export async function openIstiod(): Promise<Istiod> {
  const open = () => startPortForward(['-n', 'istio-system', 'deployment/istiod'], 8080)
  let forward = await open()
  const get = (path: string) => fetch(`http://127.0.0.1:${forward.port}/debug/${path}`)
  async function ask<T>(schema: z.ZodType<T>, path: string): Promise<T> {
    const answer = await get(path).catch(async () => {
      // A port-forward ends with a broken connection.
      forward.stop()
      forward = await open()
      return get(path)
    })
    if (!answer.ok) throw new Error(`istiod: ${path}: ${await answer.text()}`)
    return schema.parse(await answer.json())
  }
  return {
    stop: () => forward.stop(),
    read: async (proxy, isForeign) => {
      const id = idOf(proxy)
      const found = await Promise.all([
        ask(dumpSchema, `config_dump?proxyID=${id}`),
        ask(endpointSchema, `edsz?proxyID=${id}`),
      ]).catch((error: Error) => {
        if (unprintable.test(error.message)) return undefined
        throw error
      })
      if (found === undefined) return new Map([[unprinted, id]])
      const [{ configs }, endpoints] = found
      const parts = [
        ...configs.flatMap((each) => [
          ...each.dynamicActiveClusters.map(({ cluster }) => ['cluster', cluster] as const),
          ...each.dynamicListeners.map(
            ({ activeState }) => ['listener', activeState.listener] as const,
          ),
          ...each.dynamicRouteConfigs.map(({ routeConfig }) => {
            // Their order depends on when each Service was created.
            const virtualHosts = routeConfig.virtualHosts
              .filter(({ name }) => !isForeign.test(name))
              .toSorted((one, other) => one.name.localeCompare(other.name))
            return ['route', { ...routeConfig, virtualHosts }] as const
          }),
        ]),
        ...endpoints.configs.map(
          (each) => ['endpoints', { ...each, name: each.clusterName }] as const,
        ),
      ]
      return new Map(
        parts
          .filter(([, { name }]) => !isForeign.test(name))
          .map(([kind, each]) => [`${kind} ${each.name}`, JSON.stringify(each)]),
      )
    },
    waitForSync: async (proxies) => {
      const ids = proxies.map(idOf)
      const deadline = Date.now() + SYNC_MS
      for (;;) {
        const states = await ask(syncSchema, 'syncz')
        const late = states.find(
          ({ proxy, resources }) =>
            ids.includes(proxy) &&
            Object.values(resources).some(
              ({ sent, acked }) => sent !== undefined && sent !== acked,
            ),
        )
        if (late === undefined) return undefined
        if (Date.now() > deadline) return late.proxy
        await sleep(POLL_MS)
      }
    },
  }
}

/** Names the parts that differ. */
export function compareConfigs(before: ProxyConfig, after: ProxyConfig): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  )
}
