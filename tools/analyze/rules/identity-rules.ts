// Who somebody is: mutual TLS on every port, and tokens that are checked for whom they were made.
import { z } from 'zod'
import { type Finding, type Path, readAt, valueAt } from '../finding.ts'
import { isOfPodNamespace, listInScope, matches } from '../model/namespace.ts'
import { listPodMakers, readLabels } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const mode = z.object({ mode: z.string().default('UNSET') })
const peerSpec = z
  .object({
    selector: z.unknown().optional(),
    mtls: mode.optional(),
    portLevelMtls: z.record(z.string(), mode).default({}),
  })
  .default({ portLevelMtls: {} })
const requestSpec = z.object({
  jwtRules: z
    .array(
      z.object({
        audiences: z.array(z.string()).default([]),
        forwardOriginalToken: z.boolean().default(false),
        fromParams: z.array(z.string()).default([]),
        fromCookies: z.array(z.string()).default([]),
      }),
    )
    .default([]),
})

export const identityRules: readonly Rule[] = [
  {
    name: 'strict-mtls',
    title: 'mTLS is STRICT for the whole namespace, on every port',
    find: (resources) => {
      const peers = listInScope(resources, 'PeerAuthentication').map((resource) => ({
        resource,
        ...readAt(peerSpec, resource),
      }))
      const isForAll = peers
        .filter(({ resource }) => isOfPodNamespace(resource, resources))
        .some((each) => each.selector === undefined)
      return [
        ...(isForAll
          ? []
          : [
              {
                group: 'security.istio.io',
                path: [],
                message:
                  'the namespace takes plain text: it needs a PeerAuthentication without selector, with mtls.mode STRICT',
              },
            ]),
        ...peers.flatMap(({ resource, mtls, portLevelMtls }) =>
          [
            { path: ['spec', 'mtls', 'mode'], mode: mtls?.mode ?? 'UNSET' },
            ...Object.entries(portLevelMtls).map(([port, own]) => ({
              path: ['spec', 'portLevelMtls', port, 'mode'],
              mode: own.mode,
            })),
          ]
            .filter((each) => each.mode !== 'STRICT')
            .map((each) => ({
              resource,
              path: each.path,
              message: `a hole in mTLS: ${each.mode} takes plain text, which has no identity`,
            })),
        ),
      ]
    },
  },
  {
    name: 'token-check',
    title: "a caller's token is checked for its audience, taken from a header, and not passed on",
    find: (resources) => {
      const found = listInScope(resources, 'RequestAuthentication')
      if (found.length === 0) {
        return [
          {
            group: 'security.istio.io',
            path: [],
            message: 'no RequestAuthentication checks caller tokens',
          },
        ]
      }
      return found.flatMap((resource) =>
        readAt(requestSpec, resource).jwtRules.flatMap((rule, index) => {
          const at = (field: string, message: string): Finding => ({
            resource,
            path: ['spec', 'jwtRules', index, field],
            message,
          })
          return [
            ...(rule.audiences.join() === 'signer'
              ? []
              : [at('audiences', 'takes tokens that were not made out to "signer" alone')]),
            ...(rule.forwardOriginalToken
              ? [at('forwardOriginalToken', 'hands the token on, and the signer has no use for it')]
              : []),
            ...(['fromParams', 'fromCookies'] as const)
              .filter((field) => rule[field].length > 0)
              .map((field) =>
                at(field, 'takes a token from where it ends up in logs or is sent along'),
              ),
          ]
        }),
      )
    },
  },
  {
    name: 'selector',
    title: 'whatever selects Pods selects one that there is',
    find: (resources) => {
      const labels = listPodMakers(resources)
        .filter((each) => isOfPodNamespace(each, resources))
        .map(readLabels)
      // That there is no Pod at all is found by whatever rule looks at it.
      if (labels.length === 0) return []
      return selecting.flatMap(([kind, path]) =>
        listInScope(resources, kind)
          .filter((each) => isOfPodNamespace(each, resources))
          .filter((each) => !labels.some((own) => matches(valueAt(each, path), own)))
          .map((resource) => ({
            resource,
            path,
            message: `no Pod has the labels ${JSON.stringify(valueAt(resource, path) ?? {})}: this is for nobody`,
          })),
      )
    },
  },
]

const matchLabels = ['spec', 'selector', 'matchLabels']
const selecting: readonly (readonly [kind: string, path: Path])[] = [
  ['PeerAuthentication', matchLabels],
  ['RequestAuthentication', matchLabels],
  ['AuthorizationPolicy', matchLabels],
  ['Sidecar', ['spec', 'workloadSelector', 'labels']],
]
