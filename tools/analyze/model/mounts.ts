// Which container mounts what: the boundary between the containers of a Pod.
import type { Finding } from '../finding.ts'
import { type Container, listContainers, type Volume, type Workload } from './pod.ts'

export type Mount = Container['volumeMounts'][number] & {
  container: string
  path: Container['path']
}

/** Every mount of one of `volumes`. */
export function listMounts(pod: Workload, volumes: readonly Volume[]): Mount[] {
  const names = new Set(volumes.map(({ name }) => name))
  return listContainers(pod).flatMap(({ name, path, volumeMounts }) =>
    volumeMounts
      .map((mount, index) => ({
        ...mount,
        container: name,
        path: [...path, 'volumeMounts', index],
      }))
      .filter((mount) => names.has(mount.name)),
  )
}

/** Finds each container that mounts one of `volumes` and should not, and each that should and does not. */
export function expectMounters(
  pod: Workload,
  volumes: readonly Volume[],
  expected: readonly string[],
  what: string,
): Finding[] {
  const { resource } = pod
  const mounts = listMounts(pod, volumes)
  const strangers = mounts
    .filter(({ container }) => !expected.includes(container))
    .map(({ container, path }) => ({
      resource,
      path,
      message: `${container} mounts ${what}, which is for ${expected.join(' and ')} alone`,
    }))
  const without = expected
    .filter((name) => !mounts.some(({ container }) => container === name))
    .map((name) => {
      const owner = listContainers(pod).find((each) => each.name === name)
      const path = owner === undefined ? [...pod.path, 'spec'] : [...owner.path, 'volumeMounts']
      return { resource, path, message: `${name} does not mount ${what}` }
    })
  return [...strangers, ...without]
}

/** Finds each of `volumes` that is not in memory. */
export function expectInMemory(pod: Workload, volumes: readonly Volume[], what: string): Finding[] {
  return volumes
    .filter(({ emptyDir }) => emptyDir?.medium !== 'Memory')
    .map(({ path }) => ({
      resource: pod.resource,
      path: [...path, 'emptyDir'],
      message: `${what} is not in memory: medium has to be Memory`,
    }))
}
