// Each token has one audience, is in one container, and does not live long.
import { sharesPod } from '../../kube/layouts.ts'
import type { Finding } from '../finding.ts'
import type { Application } from '../model/application.ts'
import { checkMounters } from '../model/mounts.ts'
import {
  agentName,
  listVolumes,
  readFrontendPod,
  readLayout,
  readPod,
  readPods,
  type Volume,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const callerToken = 'caller-token'
const audience = 'signer'
const vaultToken = 'vault-token'
/** Only in Istio's container, for Istio's audience. */
const istioToken = 'istio-token'

export const tokenRules: readonly Rule[] = [
  {
    name: 'caller-token',
    title:
      'only the container of the application has the caller token, which is for the signer and lives two hours',
    find: (resources, application) => {
      const pod = readFrontendPod(resources)
      const layout = readLayout(resources)
      // Nothing verifies a token at the socket.
      if (!layout.isMeshed) return findTokens(pod, application)
      const { only, more } = splitCallerVolumes(listCallerVolumes(pod, application))
      return [
        ...checkTokens(pod, only, {
          name: 'the caller token',
          audience,
          holder: application.container,
          maxSeconds: 7200,
        }),
        ...more.map(({ path, name }) => ({
          resource: pod.resource,
          path,
          message: `the volume ${name} has a second token for the signer: remove it, and use ${callerToken}`,
        })),
        // In a Pod of its own, the signer needs no caller token.
        ...(sharesPod(layout) ? [] : findTokens(readPod(resources), application)),
      ]
    },
  },
  {
    name: 'vault-token',
    title: 'only what reads the key from Vault has a token for Vault, which lives ten minutes',
    find: (resources) =>
      readPods(resources).flatMap((pod) => {
        const volumes = listVolumes(pod).filter(({ name }) => name === vaultToken)
        if (volumes.length === 0) return []
        return checkTokens(pod, volumes, {
          name: 'the token for Vault',
          audience: 'vault',
          holder: agentName,
          maxSeconds: 600,
        })
      }),
  },
]

/** Another application may have tokens for others, in its own volumes. */
function listCallerVolumes(pod: Workload, { isOurs }: Application): Volume[] {
  return listVolumes(pod)
    .filter(({ name }) => ![istioToken, vaultToken].includes(name))
    .filter(({ name, projected }) => isOurs || name === callerToken || isForSigner(projected))
}

/** One token is enough. `more`: those for the signer beside the caller token. */
function splitCallerVolumes(volumes: readonly Volume[]): { only: Volume[]; more: Volume[] } {
  const hasOwn = volumes.some(({ name }) => name === callerToken)
  const isMore = ({ name, projected }: Volume) =>
    hasOwn && name !== callerToken && isForSigner(projected)
  return { only: volumes.filter((each) => !isMore(each)), more: volumes.filter(isMore) }
}

function isForSigner(projected: Volume['projected']): boolean {
  return projected?.sources.some((each) => each.serviceAccountToken?.audience === audience) ?? false
}

function findTokens(pod: Workload, application: Application): Finding[] {
  return listCallerVolumes(pod, application)
    .filter(({ projected }) => projected?.sources.some((each) => each.serviceAccountToken))
    .map(({ path }) => ({
      resource: pod.resource,
      path,
      message:
        "the signer's Pod has a ServiceAccount token that nobody verifies: remove the volume",
    }))
}

function checkTokens(
  pod: Workload,
  volumes: readonly Volume[],
  wanted: { name: string; audience: string; holder: string; maxSeconds: number },
): Finding[] {
  const { resource } = pod
  const sources = volumes.flatMap((volume) =>
    (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken: token }, index) => {
      const path = [...volume.path, 'projected', 'sources', index, 'serviceAccountToken']
      return token === undefined ? [] : [{ ...token, path, volume }]
    }),
  )
  const tokens = volumes.filter((each) => sources.some(({ volume }) => volume === each))
  return [
    ...checkMounters(pod, tokens, [wanted.holder], wanted.name),
    ...sources
      .filter((each) => each.audience !== wanted.audience)
      .map(({ audience: found, path }) => ({
        resource,
        path: [...path, 'audience'],
        message: `the audience is ${found ?? 'the API server'}: set the audience of ${wanted.name} to "${wanted.audience}"`,
      })),
    ...sources
      .filter(({ expirationSeconds = 3600 }) => expirationSeconds > wanted.maxSeconds)
      .map(({ path }) => ({
        resource,
        path: [...path, 'expirationSeconds'],
        message: `the token lives longer than ${wanted.maxSeconds} s: set expirationSeconds to ${wanted.maxSeconds}`,
      })),
  ]
}
