// Annotations whose text Istio reads as YAML. Their keys are compared one by one, and not the text.
import { parseYaml } from '../../../kube/yaml.ts'

const structured = ['proxy.istio.io/config', 'sidecar.istio.io/userVolumeMount']

/** Returns the content of an annotation that has one, and every other value unchanged. */
export function readText(value: unknown, key: string): unknown {
  if (!structured.includes(key) || typeof value !== 'string') return value
  try {
    return parseYaml(value)
  } catch {
    return value
  }
}
