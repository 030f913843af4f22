// Who has which token: each is for one audience, in one container, for ten minutes.
import { sharesPod } from '../../kube/layouts.ts'
import type { Finding } from '../finding.ts'
import { expectMounters } from '../model/mounts.ts'
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

const vaultToken = 'vault-token'
/** In Istio's own container, for its own audience. */
const istioToken = 'istio-token'
const maxSeconds = 600

export const tokenRules: readonly Rule[] = [
  {
    name: 'caller-token',
    title: 'the caller token is in the frontend alone, for the signer alone, for ten minutes',
    find: (resources) => {
      const pod = readFrontendPod(resources)
      return [
        ...judgeTokens(pod, listCallerVolumes(pod), {
          name: 'the caller token',
          audience: 'signer',
          holder: 'frontend',
        }),
        // Where the signer has a Pod of its own, nobody in it calls the signer.
        ...(sharesPod(readLayout(resources)) ? [] : findTokens(readPod(resources))),
      ]
    },
  },
  {
    name: 'vault-token',
    title: 'a token for Vault is in what brings the key alone, for Vault alone, for ten minutes',
    find: (resources) =>
      readPods(resources).flatMap((pod) => {
        const volumes = listVolumes(pod).filter(({ name }) => name === vaultToken)
        if (volumes.length === 0) return []
        return judgeTokens(pod, volumes, {
          name: 'the token for Vault',
          audience: 'vault',
          holder: agentName,
        })
      }),
  },
]

function listCallerVolumes(pod: Workload): Volume[] {
  return listVolumes(pod).filter(({ name }) => ![istioToken, vaultToken].includes(name))
}

function findTokens(pod: Workload): Finding[] {
  return listCallerVolumes(pod)
    .filter(({ projected }) => projected?.sources.some((each) => each.serviceAccountToken))
    .map(({ path }) => ({
      resource: pod.resource,
      path,
      message: "a ServiceAccount token in the signer's Pod, which calls nobody",
    }))
}

function judgeTokens(
  pod: Workload,
  volumes: readonly Volume[],
  wanted: { name: string; audience: string; holder: string },
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
    ...expectMounters(pod, tokens, [wanted.holder], wanted.name),
    ...sources
      .filter(({ audience }) => audience !== wanted.audience)
      .map(({ audience, path }) => ({
        resource,
        path: [...path, 'audience'],
        message: `a token for ${audience ?? 'the API server'}; the audience of ${wanted.name} is "${wanted.audience}"`,
      })),
    ...sources
      .filter(({ expirationSeconds = 3600 }) => expirationSeconds > maxSeconds)
      .map(({ path }) => ({
        resource,
        path: [...path, 'expirationSeconds'],
        message: `a token that lives longer than ${maxSeconds} s`,
      })),
  ]
}
