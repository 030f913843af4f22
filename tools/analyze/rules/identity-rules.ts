// How callers are identified: mutual TLS on every port, and tokens with a checked audience.
import { z } from 'zod'
import { CALLER_TOKEN_HEADER } from '../../../runtime/contract.ts'
import { type Finding, type Path, readAt, valueAt } from '../finding.ts'
import { isOfPodNamespace, listInScope, matches } from '../model/namespace.ts'
import { listWorkloadResources, readLabels } from '../model/pod.ts'
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
        fromHeaders: z.array(z.object({ name: z.string() })).default([]),
        fromParams: z.array(z.string()).default([]),
        fromCookies: z.array(z.string()).default([]),
        jwksUri: z.string().default(''),
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
                  'the namespace accepts plain text: add a PeerAuthentication without selector, with mtls.mode STRICT',
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
              message: `mTLS ${each.mode} accepts plain text, which has no identity: set STRICT`,
            })),
        ),
      ]
    },
  },
  {
    name: 'token-check',
    title:
      'the caller token has a checked audience, comes in its own header, is not forwarded, and its keys come over TLS',
    find: (resources) => {
      const found = listInScope(resources, 'RequestAuthentication')
      if (found.length === 0) {
        return [
          {
            group: 'security.istio.io',
            path: [],
            message: 'nothing checks caller tokens: add a RequestAuthentication',
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
              : [
                  at(
                    'audiences',
                    'accepts tokens with another audience than "signer": set audiences to [signer]',
                  ),
                ]),
            ...(rule.forwardOriginalToken
              ? [
                  at(
                    'forwardOriginalToken',
                    'forwards the token to the signer, which does not need it: remove it',
                  ),
                ]
              : []),
            ...(rule.fromHeaders.map(({ name }) => name.toLowerCase()).join() ===
            CALLER_TOKEN_HEADER
              ? []
              : [
                  at(
                    'fromHeaders',
                    'takes the caller token from another header, which may belong to a client: set fromHeaders to [{name: Caller-Token}]',
                  ),
                ]),
            ...(/^http:/i.test(rule.jwksUri)
              ? [
                  at(
                    'jwksUri',
                    'fetches the token keys without TLS, so anyone on the path can replace them: use https',
                  ),
                ]
              : []),
            ...(['fromParams', 'fromCookies'] as const)
              .filter((field) => rule[field].length > 0)
              .map((field) =>
                at(field, `accepts tokens where logs or browsers expose them: remove ${field}`),
              ),
          ]
        }),
      )
    },
  },
  {
    name: 'selector',
    title: 'every selector selects a Pod of these resources',
    find: (resources) => {
      const labels = listWorkloadResources(resources)
        .filter((each) => isOfPodNamespace(each, resources))
        .map(readLabels)
      // Other rules report that there is no Pod at all.
      if (labels.length === 0) return []
      return selecting.flatMap(([kind, path]) =>
        listInScope(resources, kind)
          .filter((each) => isOfPodNamespace(each, resources))
          .filter((each) => !labels.some((own) => matches(valueAt(each, path), own)))
          .map((resource) => ({
            resource,
            path,
            message: `the selector ${JSON.stringify(valueAt(resource, path) ?? {})} matches no Pod: use the labels of a Pod`,
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
