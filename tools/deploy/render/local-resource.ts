// Resources that only kustomize reads: the sources of its replacements. It does not print them.
import type { Resource } from '../../kube/resources.ts'

const annotation = 'config.kubernetes.io/local-config'

/** `content`: the fields besides the name. */
export function makeLocal(
  type: { apiVersion: string; kind: string },
  name: string,
  content: object,
): Resource {
  return { ...type, metadata: { name, annotations: { [annotation]: 'true' } }, ...content }
}

export function isLocal({ metadata }: Resource): boolean {
  return metadata.annotations?.[annotation] === 'true'
}
