// How callers are identified: mutual TLS on every port, tokens with a checked audience, and policies that select our Pods.
import { z } from 'zod'
import { protectedLabel } from '../../kube/names.ts'
import { type Path, readAt, valueAt } from '../finding.ts'
import { isOfProject } from '../model/application.ts'
import { isOfPodNamespace, listInScope, matches, selects, selectsPod } from '../model/namespace.ts'
import { findOurResources, listWorkloadResources, readLabels, readPods } from '../model/pod.ts'
import type { Rule } from '../rule.ts'
import { tokenCheckRule } from './token-check-rule.ts'

const mode = z.object({ mode: z.string().default('UNSET') })
const peerSpec = z
  .object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }).optional(),
    mtls: mode.optional(),
    portLevelMtls: z.record(z.string(), mode).default({}),
  })
  .default({ portLevelMtls: {} })

export const identityRules: readonly Rule[] = [
  {
    name: 'strict-mtls',
    title: 'mTLS is STRICT for our Pods, on every port',
    find: (resources) => {
      const pods = findOurResources(resources)
      const peers = listInScope(resources, 'PeerAuthentication')
        .map((resource) => ({ resource, ...readAt(peerSpec, resource) }))
        .map((each) => ({ ...each, labels: each.selector?.matchLabels ?? {} }))
      const selecting = peers.filter(
        ({ resource, labels }) =>
          isOfPodNamespace(resource, resources) && Object.keys(labels).length > 0,
      )
      const open = pods.filter((pod) => !selecting.some(({ labels }) => selects(labels, pod)))
      return [
        // Whoever else sets a mode for the namespace, a policy with a selector wins over it.
        ...(pods.length > 0 && open.length === 0
          ? []
          : [
              {
                group: 'security.istio.io',
                path: [],
                message:
                  'the Pods may accept plain text: add a PeerAuthentication that selects them, with mtls.mode STRICT',
              },
            ]),
        ...peers
          .filter(
            (each) =>
              isOfProject(each.resource) ||
              (selecting.includes(each) && selectsPod(each.labels, resources)),
          )
          .flatMap(({ resource, mtls, portLevelMtls }) =>
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
  tokenCheckRule,
  {
    name: 'protected-label',
    title: 'our Pods have the label by which the policies select them',
    find: (resources) =>
      readPods(resources)
        .filter(({ metadata }) => metadata.labels[protectedLabel] !== 'true')
        .map(({ resource, path }) => ({
          resource,
          path: [...path, 'metadata', 'labels', protectedLabel],
          message: `without the label ${protectedLabel}, no policy applies to the Pod: set it to "true"`,
        })),
  },
  {
    name: 'selector',
    title: 'every selector of this project selects a Pod of these resources',
    find: (resources) => {
      const labels = listWorkloadResources(resources)
        .filter((each) => isOfPodNamespace(each, resources))
        .map(readLabels)
      // Other rules report that there is no Pod at all.
      if (labels.length === 0) return []
      return selecting.flatMap(([kind, path]) =>
        listInScope(resources, kind)
          .filter((each) => isOfPodNamespace(each, resources) && isOfProject(each))
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
