// Configurations for runc of the containers of the rendered Deployment, as containerd writes them, and of containers beside them.
import { z } from 'zod'
import type { Resource } from '../../../tools/kube/resources.ts'
import { readProfiles } from '../services/seccomp-profiles.ts'
import { composeConfig, LEVEL } from './runc-config.ts'

const OTHER_LEVEL = 's0:c1,c2'

const container = z.object({
  name: z.enum(['frontend', 'signer']),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  securityContext: z.object({
    runAsUser: z.number(),
    seLinuxOptions: z.object({ type: z.string(), level: z.literal(LEVEL) }),
    seccompProfile: z.object({ localhostProfile: z.string() }),
  }),
  volumeMounts: z.array(
    z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
  ),
})
const deployment = z.object({
  template: z.object({ spec: z.object({ containers: z.array(container) }) }),
})

/** All capabilities of Linux 6.12. */
const allCapabilities = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'],
  ...['SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW'],
  ...['IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT'],
  ...['SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD'],
  ...['LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG'],
  ...['WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
].map((each) => `CAP_${each}`)

/** Returns the bundles by name. `entrypoints`: of the images. */
export function composeBundles(
  rendered: Resource,
  entrypoints: Record<string, readonly string[]>,
): Record<string, object> {
  const { containers } = deployment.parse(rendered.spec).template.spec
  const profiles = readProfiles()
  const bundles: Record<string, object> = {}
  for (const { name, env, securityContext, volumeMounts } of containers) {
    const common = {
      image: name,
      type: securityContext.seLinuxOptions.type,
      volumes: Object.fromEntries(volumeMounts.map((each) => [each.name, each.mountPath])),
      readOnly: volumeMounts.filter(({ readOnly }) => readOnly).map((each) => each.name),
    }
    const user = securityContext.runAsUser
    bundles[name] = composeConfig(name, {
      ...common,
      ...{ user, args: entrypoints[name] ?? [], seccomp: JSON.parse(profiles[name] ?? '') },
      // The guest does not wait for a mesh.
      env: env.map((each) => `${each.name}=${/SHUTDOWN/.test(each.name) ? '500' : each.value}`),
    })
    // The kernel cuts the name of a thread after 15 bytes.
    const tried = (rights: string) => ['/confined/probe', `${name[0]}-${rights}`, 'PEER']
    bundles[`${name}-deployed`] = composeConfig(`${name}-deployed`, {
      ...{ ...common, user, args: tried('own') },
    })
    bundles[`${name}-root`] = composeConfig(`${name}-root`, {
      ...{ ...common, user: 0, args: tried('root'), capabilities: allCapabilities },
    })
  }
  const proxy = { user: 1337, type: 'container_t', readOnly: ['signer-socket'] }
  const socket = { 'signer-socket': '/run/signer' }
  const connect = (label: string) => [
    '/confined/probe',
    label,
    'PEER',
    "connect to the signer's socket",
  ]
  return {
    ...bundles,
    'istio-proxy': composeConfig('istio-proxy', {
      ...{ ...proxy, image: 'frontend', volumes: socket },
      args: ['/nodejs/bin/node', '/confined/proxy.mjs'],
    }),
    neighbour: composeConfig('neighbour', {
      ...{ ...proxy, image: 'frontend', volumes: socket, args: connect('neighbour') },
    }),
    'other-pod': composeConfig('other-pod', {
      ...{ ...proxy, image: 'other', volumes: socket, args: connect('other-pod') },
      level: OTHER_LEVEL,
    }),
    peer: composeConfig('peer', {
      ...{ image: 'frontend', args: ['/confined/probe', 'serve'], user: 0, type: 'container_t' },
      volumes: { ...socket, pairing: '/run/pairing' },
    }),
  }
}
