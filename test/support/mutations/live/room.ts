// Room on the one node of the local cluster: its processors are fewer than the Pods of all lanes request.
import { z } from 'zod'
import { proxyResource } from '../../../../tools/analyze/released/pod/freedoms.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'

const proxyRequest = 'sidecar.istio.io/proxyCPU'
const LEAST = '1m'

const container = z.looseObject({ resources: z.looseObject({}).optional() })
const pod = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }).optional(),
  spec: z.looseObject({ containers: z.array(container) }),
})
const deployment = z.looseObject({ spec: z.looseObject({ template: pod }) })
type Pod = z.infer<typeof pod>

/** Returns a Deployment of one Pod, which requests no processor. Limits stay. Another kind stays as it is. */
export function deploymentWithRoom(resource: Resource): Resource {
  if (resource.kind !== 'Deployment') return resource
  const { spec } = deployment.parse(resource)
  return { ...resource, spec: { ...spec, replicas: 1, template: withoutRequests(spec.template) } }
}

/** Returns a Pod that requests no processor. */
export function podWithRoom(resource: Resource): Resource {
  const { metadata, spec } = withoutRequests(pod.parse(resource))
  return { ...resource, metadata: { ...resource.metadata, ...metadata }, spec }
}

function withoutRequests({ metadata, spec }: Pod): Pod {
  const annotations = metadata?.annotations
  const isNamed = Object.keys(annotations ?? {}).some((each) => proxyResource.test(each))
  return {
    metadata: {
      ...metadata,
      ...(isNamed && {
        annotations: { ...annotations, [proxyRequest]: LEAST },
      }),
    },
    spec: {
      ...spec,
      containers: spec.containers.map((each) => ({
        ...each,
        resources: {
          ...each.resources,
          requests: { ...Object(each.resources?.requests), cpu: LEAST },
        },
      })),
    },
  }
}
