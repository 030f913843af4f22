// The standard labels of Kubernetes, which every resource and every Pod template has.
import packageJson from '../../package.json' with { type: 'json' }
import { describeResource, type Resource } from '../../tools/kube/resources.ts'

const prefix = 'app.kubernetes.io/'
const fixed = {
  [`${prefix}name`]: 'secure-signing',
  [`${prefix}part-of`]: 'secure-signing',
  [`${prefix}version`]: packageJson.version,
}

/** Returns the names of the resources that miss a label, or have another value. `component` may have any value. */
export function listUnlabelled(resources: readonly Resource[]): string[] {
  return resources
    .filter(({ metadata, spec }) => {
      const { template } = Object(spec)
      const places = [metadata, ...(template === undefined ? [] : [template.metadata])]
      return !places.every(({ labels }) => hasLabels(labels ?? {}))
    })
    .map(describeResource)
}

function hasLabels(labels: Record<string, string>): boolean {
  const isFixed = Object.entries(fixed).every(([name, value]) => labels[name] === value)
  return isFixed && labels[`${prefix}component`] !== undefined
}
